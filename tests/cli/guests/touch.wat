;; Creates the file that its first argument names, in the first directory it was given. Exits with the errno.
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $name i32) (local $size i32)
    (drop (call $args_get (i32.const 0) (i32.const 64)))
    (local.set $name (i32.load (i32.const 4)))
    (block $end
      (loop $next
        (br_if $end (i32.eqz (i32.load8_u (i32.add (local.get $name) (local.get $size)))))
        (local.set $size (i32.add (local.get $size) (i32.const 1)))
        (br $next)))
    (call $proc_exit
      (call $path_open (i32.const 3) (i32.const 1) (local.get $name) (local.get $size)
        (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 60)))))
