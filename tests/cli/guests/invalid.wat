(module
  (func $answer (export "f") (result i32)
    (i64.const 42)))
