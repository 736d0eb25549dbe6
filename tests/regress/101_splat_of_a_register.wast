;; The operand of a splat can be a local that the baseline keeps in a register. It looked for a stencil with registers
;; among those of vectors, which has none.
(module
  (func (export "i8x16") (param i32) (result i32) (local v128)
    (loop
      (local.set 1 (i8x16.add (local.get 1) (i8x16.splat (local.get 0))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (i8x16.extract_lane_u 15 (local.get 1)))
  (func (export "f64x2") (param f64) (result f64) (local v128)
    (loop
      (local.set 1 (f64x2.add (local.get 1) (f64x2.splat (local.get 0))))
      (br_if 0 (f64.gt (local.tee 0 (f64.sub (local.get 0) (f64.const 1))) (f64.const 0))))
    (f64x2.extract_lane 1 (local.get 1)))
  (func (export "all_true") (param i32) (result i32) (local v128 i32)
    (loop
      (local.set 1 (i32x4.splat (local.get 0)))
      (local.set 2 (i32.add (local.get 2) (i32x4.all_true (local.get 1))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 2)))

(assert_return (invoke "i8x16" (i32.const 5)) (i32.const 15))
(assert_return (invoke "f64x2" (f64.const 4)) (f64.const 10))
(assert_return (invoke "all_true" (i32.const 7)) (i32.const 7))
