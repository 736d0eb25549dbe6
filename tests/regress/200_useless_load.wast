;; A load whose value nobody needs was dropped by the optimizing compiler, and with it the trap: what is computed from it
;; does not matter, or only matters on one of two ways.
(module
  (memory 1)
  (func (export "dropped") (param i32) (drop (i32.load (local.get 0))))
  (func (export "masked") (param i32) (result i32) (i32.and (i32.load (local.get 0)) (i32.const 0)))
  (func (export "multiplied") (param i32) (result i32) (i32.mul (i32.load (local.get 0)) (i32.const 0)))
  (func (export "overwritten") (param i32) (result i32)
    (local i32)
    (local.set 1 (i32.load (local.get 0)))
    (local.set 1 (i32.const 7))
    (local.get 1))
  (func (export "one_way") (param i32 i32) (result i32)
    (local i32)
    (local.set 2 (i32.load (local.get 0)))
    (if (result i32) (local.get 1) (then (i32.add (local.get 2) (i32.const 1))) (else (i32.const 5)))))

(assert_trap (invoke "dropped" (i32.const 65536)) "out of bounds memory access")
(assert_trap (invoke "masked" (i32.const 65533)) "out of bounds memory access")
(assert_trap (invoke "multiplied" (i32.const -1)) "out of bounds memory access")
(assert_trap (invoke "overwritten" (i32.const 65536)) "out of bounds memory access")
(assert_trap (invoke "one_way" (i32.const 65536) (i32.const 0)) "out of bounds memory access")
(assert_return (invoke "masked" (i32.const 65532)) (i32.const 0))
(assert_return (invoke "one_way" (i32.const 0) (i32.const 1)) (i32.const 1))
