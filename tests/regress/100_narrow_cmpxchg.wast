;; A narrow compare-exchange compared the whole expected value, and so never wrote where it has bits above the width.
;; It is wrapped first, as V8 and the specification do: https://github.com/WebAssembly/threads/issues/195.
(module
  (memory 1 1 shared)
  (data (i32.const 0) "\11\11\11\11\11\11\11\11")
  (func (export "cmpxchg8") (param i32 i32) (result i32)
    (i32.atomic.rmw8.cmpxchg_u (i32.const 0) (local.get 0) (local.get 1)))
  (func (export "cmpxchg16") (param i64 i64) (result i64)
    (i64.atomic.rmw16.cmpxchg_u (i32.const 2) (local.get 0) (local.get 1)))
  (func (export "cmpxchg32") (param i64 i64) (result i64)
    (i64.atomic.rmw32.cmpxchg_u (i32.const 4) (local.get 0) (local.get 1)))
  (func (export "whole") (result i64) (i64.load (i32.const 0))))

(assert_return (invoke "cmpxchg8" (i32.const 0x80000011) (i32.const 0x3322)) (i32.const 0x11))
(assert_return (invoke "cmpxchg8" (i32.const 0x11) (i32.const 0)) (i32.const 0x22))
(assert_return (invoke "cmpxchg16" (i64.const 0x71111) (i64.const 0x4444)) (i64.const 0x1111))
(assert_return (invoke "cmpxchg32" (i64.const 0x1234567811111111) (i64.const -1)) (i64.const 0x11111111))
(assert_return (invoke "whole") (i64.const 0xffffffff44441122))
