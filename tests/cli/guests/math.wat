;; A library.
(module $math
  (type $pair (func (param i32 i32) (result i32 i32)))
  (memory (export "scratch") 1 4)
  (global (export "answer") i32 (i32.const 42))
  (func $add (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "swap") (type $pair) (local.get 1) (local.get 0))
  (func (export "half") (param f64) (result f64) (f64.div (local.get 0) (f64.const 2)))
  (func (export "half32") (param f32) (result f32) (f32.div (local.get 0) (f32.const 2)))
  (func (export "wide") (param i64) (result i64) (i64.mul (local.get 0) (i64.const 1000000007)))
  (func (export "vector") (param v128) (result v128) (i8x16.add (local.get 0) (local.get 0)))
  (func (export "is_null") (param externref) (result i32) (ref.is_null (local.get 0)))
  (func (export "nothing")))
