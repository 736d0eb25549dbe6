;; The load was dropped, and its trap with it: all targets of the br_table are the same, so nobody needs its index.
(module (memory 1)
  (func (export "run") (param i32) (result i32)
    (block $x (br_table $x $x (i32.load16_s offset=4992 (local.get 0))))
    (i32.const 5)))
(assert_return (invoke "run" (i32.const 0)) (i32.const 5))
(assert_trap (invoke "run" (i32.const -1)) "out of bounds memory access")
