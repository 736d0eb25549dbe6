;; Spends 300 ms, nearly all of them in $hot.
(module $profile
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func $time (result i64)
    (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 0)))
    (i64.load (i32.const 0)))
  (func $hot (param i32) (result i32) (local i32)
    (loop $next
      (local.set 1 (i32.xor (i32.mul (local.get 1) (i32.const 0x2545f491)) (local.get 0)))
      (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func $warm (param i32) (result i32) (i32.add (call $hot (local.get 0)) (i32.const 1)))
  (func (export "_start") (local i64)
    (local.set 0 (i64.add (call $time) (i64.const 300000000)))
    (loop $next
      (i32.store (i32.const 8) (call $warm (i32.const 200000)))
      (br_if $next (i64.lt_u (call $time) (local.get 0))))))
