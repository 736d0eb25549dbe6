#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "api/api_test.hpp"

// Guests that mean harm: each module's export "run" must end for the stated reason, soon, and without taking more than
// the store's limits allow. Every case runs with both ways of bounding memory, with and without fuel.

namespace {

using wisp::TrapReason;
using namespace std::chrono_literals;

std::string repeat(const std::string& text, int times) {
  std::string all;
  all.reserve(text.size() * std::size_t(times));
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

/// `none`: returns.
struct Case {
  const char* name;
  TrapReason reason;
  std::string module;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

/// For `run` bodies.
std::string run(const std::string& body) {
  return "(func (export \"run\") " + body + ")";
}

// clang-format off
const Case stack_cases[] = {
    {"direct", TrapReason::stack_overflow, "(func $f (export \"run\") (call $f))"},
    {"values", TrapReason::stack_overflow,
     "(func $f (param i64 f64 v128) (result v128 i64) (call $f (local.get 0) (local.get 1) (local.get 2)) (i64.add (i64.const 1)))" +
     run("(call $f (i64.const 0) (f64.const 0) (v128.const i64x2 0 0)) drop drop")},
    {"indirect", TrapReason::stack_overflow,
     "(table funcref (elem $f)) (func $f (export \"run\") (call_indirect (i32.const 0)) nop)"},
    {"through_a_reference", TrapReason::stack_overflow,
     "(type $t (func)) (elem declare func $f) (func $f (export \"run\") (call_ref $t (ref.func $f)) nop)"},
    {"through_the_host", TrapReason::stack_overflow,
     "(import \"host\" \"again\" (func $again)) (func (export \"run\") (call $again))"},
    {"through_the_host_deep", TrapReason::stack_overflow,
     "(import \"host\" \"again\" (func $again)) (global $n (mut i32) (i32.const 0))"
     "(func $f (export \"run\") (global.set $n (i32.add (global.get $n) (i32.const 1)))"
     "  (if (i32.rem_u (global.get $n) (i32.const 1000)) (then (call $f)) (else (call $again))))"},
    {"import_of_itself", TrapReason::stack_overflow,
     "(import \"host\" \"again\" (func $again)) (export \"run\" (func $f)) (table funcref (elem $again))"
     "(func $f (call_indirect (i32.const 0)))"},
    {"mutual_with_tail_calls", TrapReason::stack_overflow,
     "(func $f (export \"run\") (call $g)) (func $g (return_call $h)) (func $h (call $f) nop)"},
    {"not_caught", TrapReason::stack_overflow,
     "(func $f (export \"run\") (block $b (try_table (catch_all $b) (call $f))))"},
    {"many_locals", TrapReason::stack_overflow,
     "(func $f (export \"run\") (local " + repeat("i64 ", 50'000) + ") (call $f) (local.set 49999 (i64.const 1)))"},
    {"many_v128_locals", TrapReason::stack_overflow,
     "(func $f (export \"run\") (local " + repeat("v128 ", 32'000) + ") (call $f))"},
    {"frame_too_large", TrapReason::stack_overflow,
     "(func $f (local " + repeat("v128 ", 50'000) + ")) " + run("(call $f)")},
    {"many_parameters", TrapReason::stack_overflow,
     "(func $f (export \"g\") (param " + repeat("v128 ", 1000) + ") (call $f " + repeat("(local.get 999) ", 1000) + ")) " +
     run("(call $f " + repeat("(v128.const i64x2 0 0) ", 1000) + ")")},
    {"many_results", TrapReason::stack_overflow,
     "(func $f (result " + repeat("v128 ", 1000) + ") (call $f)) " + run("(call $f)" + repeat(" drop", 1000))},
    {"many_operands", TrapReason::stack_overflow,
     "(func $g (result i32) (i32.const 1)) (func $f " + repeat("(call $g) ", 70'000) + repeat("drop ", 70'000) + ")" + run("(call $f)")},
    {"start", TrapReason::stack_overflow, "(func $f (call $f)) (start $f)"},
    {"deep_and_back", TrapReason::none,
     "(func $f (param i32) (result i32) (if (result i32) (local.get 0)"
     "  (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))" +
     run("(drop (call $f (i32.const 20000)))")},
    {"endless_tail_calls", TrapReason::deadline,
     "(type $t (func)) (table funcref (elem $f $g)) (func $f (export \"run\") (return_call $g))"
     "(func $g (return_call_indirect (type $t) (i32.const 0)))"},
};

const Case exception_cases[] = {
    {"through_many_frames", TrapReason::none,
     "(tag $e (param i64)) (func $f (param i32) (if (i32.eqz (local.get 0)) (then (throw $e (i64.const 7))))"
     "  (call $f (i32.sub (local.get 0) (i32.const 1))))" +
     run("(block $b (result i64) (try_table (catch $e $b) (call $f (i32.const 20000))) (i64.const 0))"
         "(if (i64.ne (i64.const 7)) (then unreachable))")},
    {"through_many_frames_and_nobody", TrapReason::uncaught_exception,
     "(tag $e) (func $f (param i32) (if (i32.eqz (local.get 0)) (then (throw $e)))"
     "  (call $f (i32.sub (local.get 0) (i32.const 1))))" + run("(call $f (i32.const 20000))")},
    {"caught_and_thrown_in_each_frame", TrapReason::none,
     "(tag $e (param i32)) (func $f (param i32) (local exnref) (if (i32.eqz (local.get 0)) (then (throw $e (i32.const 3))))"
     "  (block $b (result i32 exnref) (try_table (catch_ref $e $b) (call $f (i32.sub (local.get 0) (i32.const 1)))) unreachable)"
     "  (local.set 1) drop (throw_ref (local.get 1)))" +
     run("(block $b (result i32) (try_table (catch $e $b) (call $f (i32.const 5000))) (i32.const 0)) drop")},
    {"through_the_host", TrapReason::none,
     "(import \"host\" \"again\" (func $again)) (tag $e (param i32)) (global $n (mut i32) (i32.const 0))"
     "(func (export \"run\") (global.set $n (i32.add (global.get $n) (i32.const 1)))"
     "  (if (i32.eq (global.get $n) (i32.const 20)) (then (throw $e (i32.const 1))))"
     "  (if (i32.eq (global.get $n) (i32.const 1)) (then (drop (block $b (result i32)"
     "    (try_table (catch $e $b) (call $again)) unreachable))) (else (call $again))))"},
    {"null", TrapReason::null_exception_reference, run("(throw_ref (ref.null exn))")},
    {"storm", TrapReason::deadline,
     "(tag $e (param i64)) " +
     run("(loop $l (block $b (result i64 exnref) (try_table (catch_ref $e $b) (throw $e (i64.const 1))) unreachable) drop drop (br $l))")},
};

const Case bounds_cases[] = {
    {"load_at_the_end", TrapReason::memory_out_of_bounds, "(memory 1)" + run("(drop (i32.load (i32.const 65533)))")},
    {"load_last_address", TrapReason::memory_out_of_bounds, "(memory 1)" + run("(drop (i64.load offset=0xffffffff (i32.const -1)))")},
    {"store_v128", TrapReason::memory_out_of_bounds,
     "(memory 1)" + run("(v128.store offset=0xffffffff (i32.const -1) (v128.const i64x2 0 0))")},
    {"empty_memory", TrapReason::memory_out_of_bounds, "(memory 0)" + run("(i32.store8 (i32.const 0) (i32.const 0))")},
    {"second_memory", TrapReason::memory_out_of_bounds,
     "(memory 1) (memory $m 0) " + run("(i32.store8 $m offset=0xffffffff (i32.const -1) (i32.const 0))")},
    {"memory64_sum_wraps", TrapReason::memory_out_of_bounds,
     "(memory i64 1)" + run("(drop (i32.load offset=0xffffffffffffffff (i64.const 1)))")},
    {"memory64_sign", TrapReason::memory_out_of_bounds,
     "(memory i64 1)" + run("(i64.store (i64.const 0x8000000000000000) (i64.const 0))")},
    {"memory64_last", TrapReason::memory_out_of_bounds, "(memory i64 1)" + run("(i32.store8 (i64.const -1) (i32.const 0))")},
    {"memory64_width_wraps", TrapReason::memory_out_of_bounds,
     "(memory i64 1)" + run("(drop (v128.load (i64.const -8)))")},
    {"memory64_beyond_the_reservation", TrapReason::memory_out_of_bounds,
     "(memory i64 1)" + run("(drop (i32.load8_u (i64.const 0x2000000000)))")},
    {"atomic_wraps", TrapReason::memory_out_of_bounds,
     "(memory i64 1)" + run("(drop (i64.atomic.rmw.add (i64.const -8) (i64.const 1)))")},
    {"fill_2_31", TrapReason::memory_out_of_bounds,
     "(memory 1)" + run("(memory.fill (i32.const 0) (i32.const 1) (i32.const 0x80000000))")},
    {"fill_2_32", TrapReason::memory_out_of_bounds,
     "(memory 1)" + run("(memory.fill (i32.const -1) (i32.const 1) (i32.const 1))")},
    {"fill_sum_wraps", TrapReason::memory_out_of_bounds,
     "(memory 1)" + run("(memory.fill (i32.const 2) (i32.const 1) (i32.const -1))")},
    {"fill_64", TrapReason::memory_out_of_bounds,
     "(memory i64 1)" + run("(memory.fill (i64.const 2) (i32.const 1) (i64.const -1))")},
    {"copy_sum_wraps", TrapReason::memory_out_of_bounds,
     "(memory 1)" + run("(memory.copy (i32.const 0) (i32.const -1) (i32.const 2))")},
    {"copy_64_to_32", TrapReason::memory_out_of_bounds,
     "(memory $a 1) (memory $b i64 1)" + run("(memory.copy $a $b (i32.const 0) (i64.const 0x100000000) (i32.const 1))")},
    {"init_dropped", TrapReason::memory_out_of_bounds,
     "(memory 1) (data $d \"abc\")" + run("(data.drop $d) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))")},
    {"init_sum_wraps", TrapReason::memory_out_of_bounds,
     "(memory 1) (data $d \"abc\")" + run("(memory.init $d (i32.const 0) (i32.const -1) (i32.const 2))")},
    {"empty_at_the_end", TrapReason::none,
     "(memory 1) (data $d \"abc\")" + run("(memory.fill (i32.const 65536) (i32.const 1) (i32.const 0))"
     "(memory.copy (i32.const 65536) (i32.const 65536) (i32.const 0)) (memory.init $d (i32.const 65536) (i32.const 3) (i32.const 0))")},
    {"table_get", TrapReason::table_out_of_bounds, "(table 1 funcref)" + run("(drop (table.get (i32.const -1)))")},
    {"table64_get", TrapReason::table_out_of_bounds, "(table i64 1 funcref)" + run("(drop (table.get (i64.const 0x100000000)))")},
    {"table64_call", TrapReason::undefined_element, "(table i64 1 funcref)" + run("(call_indirect (i64.const 0x100000000))")},
    {"table_fill_sum_wraps", TrapReason::table_out_of_bounds,
     "(table 1 externref)" + run("(table.fill (i32.const 2) (ref.null extern) (i32.const -1))")},
    {"table64_copy_sum_wraps", TrapReason::table_out_of_bounds,
     "(table i64 1 externref)" + run("(table.copy (i64.const 0) (i64.const 2) (i64.const -1))")},
    {"table_init_sum_wraps", TrapReason::table_out_of_bounds,
     "(table 1 funcref) (elem $e func 0)" + run("(table.init $e (i32.const 0) (i32.const 1) (i32.const -1))")},
    {"array_fill_sum_wraps", TrapReason::array_out_of_bounds,
     "(type $a (array (mut i64)))" + run("(array.fill $a (array.new_default $a (i32.const 3)) (i32.const 2) (i64.const 1) (i32.const -1))")},
    {"array_copy_sum_wraps", TrapReason::array_out_of_bounds,
     "(type $a (array (mut i64))) (func $new (result (ref $a)) (array.new_default $a (i32.const 3)))" +
     run("(array.copy $a $a (call $new) (i32.const 0) (call $new) (i32.const -1) (i32.const 2))")},
    {"array_init_data_product_wraps", TrapReason::memory_out_of_bounds,
     "(type $a (array (mut i64))) (data $d \"abcdefgh\")" + run("(drop (array.new_data $a $d (i32.const 0) (i32.const 0x20000001)))")},
    {"array_of_2_31", TrapReason::allocation_failed,
     "(type $a (array (mut v128)))" + run("(drop (array.new_default $a (i32.const 0x80000000)))")},
    {"array_of_2_32", TrapReason::allocation_failed,
     "(type $a (array (mut v128)))" + run("(drop (array.new $a (v128.const i64x2 0 0) (i32.const -1)))")},
    {"array_of_2_28", TrapReason::allocation_failed,
     "(type $a (array (mut v128)))" + run("(drop (array.new_default $a (i32.const 0x10000000)))")},
    {"br_table_huge", TrapReason::none,
     run("(block $a (block $b (br_table " + repeat("$b ", 65'519) + "$a (i32.const -1))) unreachable)")},
    {"br_table_many_values", TrapReason::none,
     run("(block $a (result " + repeat("v128 ", 1000) + ") " + repeat("(v128.const i64x2 1 2) ", 1000) +
         "(br_table " + repeat("$a ", 1000) + "(i32.const 5))) " + repeat("drop ", 1000))},
    {"select_of_nothing", TrapReason::unreachable, run("unreachable (drop (select)) (memory.size) drop") + "(memory 1)"},
};

const Case growth_cases[] = {
    {"memory_to_the_limit", TrapReason::none,
     "(memory 1)" + run("(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))")},
    {"memory_at_once", TrapReason::none,
     "(memory 1)" + run("(if (i32.ne (memory.grow (i32.const -1)) (i32.const -1)) (then unreachable))"
                        "(if (i32.ne (memory.grow (i32.const 65535)) (i32.const -1)) (then unreachable))")},
    {"memory64_at_once", TrapReason::none,
     "(memory i64 1)" + run("(if (i64.ne (memory.grow (i64.const -1)) (i64.const -1)) (then unreachable))"
                            "(if (i64.ne (memory.grow (i64.const 0xffffffffffff)) (i64.const -1)) (then unreachable))")},
    {"memory_of_bytes", TrapReason::none,
     "(memory 0 4000000000 (pagesize 1))" + run("(if (i32.ne (memory.grow (i32.const 3999999999)) (i32.const -1)) (then unreachable))"
     "(if (i32.ne (memory.grow (i32.const 5)) (i32.const 0)) (then unreachable)) (i32.store8 (i32.const 4) (i32.const 1))")},
    {"table_to_the_limit", TrapReason::none,
     "(table 1 externref)" + run("(loop $l (br_if $l (i32.ne (table.grow (ref.null extern) (i32.const 1000)) (i32.const -1))))")},
    {"table_at_once", TrapReason::none,
     "(table 1 externref)" + run("(if (i32.ne (table.grow (ref.null extern) (i32.const -1)) (i32.const -1)) (then unreachable))")},
    {"table64_at_once", TrapReason::none,
     "(table i64 1 funcref)" + run("(if (i64.ne (table.grow (ref.null func) (i64.const -1)) (i64.const -1)) (then unreachable))")},
    {"heap_of_live_objects", TrapReason::allocation_failed,
     "(type $l (struct (field (ref null $l)) (field i64)))" +
     run("(local (ref null $l)) (loop $l (local.set 0 (struct.new $l (local.get 0) (i64.const 1))) (br $l))")},
    {"heap_of_a_tree", TrapReason::allocation_failed,
     "(type $t (array (mut (ref null $t)))) (func $f (param i32) (result (ref $t)) (local $a (ref $t)) (local $i i32)"
     "  (local.set $a (array.new_default $t (i32.const 10))) (if (local.get 0) (then (loop $l"
     "    (array.set $t (local.get $a) (local.get $i) (call $f (i32.sub (local.get 0) (i32.const 1))))"
     "    (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10)))))) (local.get $a))" +
     run("(drop (call $f (i32.const 9)))")},
    {"heap_of_arrays", TrapReason::allocation_failed,
     "(type $a (array i8)) (table $t 1000 (ref null $a))" +
     run("(local $i i32) (loop $l (table.set $t (local.get $i) (array.new_default $a (i32.const 1000000)))"
         "(local.set $i (i32.add (local.get $i) (i32.const 1))) (br $l))")},
};

const Case deadline_cases[] = {
    {"empty_loop", TrapReason::deadline, run("(loop $l (br $l))")},
    {"br_if_loop", TrapReason::deadline, run("(loop $l (br_if $l (i32.const 1)))")},
    {"br_table_loop", TrapReason::deadline, run("(loop $l (br_table $l $l $l (i32.const 1)))")},
    {"nested_loops", TrapReason::deadline, run("(loop $l (loop $m (loop $n (br_if $n (i32.const 0))) (br_if $m (i32.const 0))) (br $l))")},
    {"loop_with_values", TrapReason::deadline,
     run("(i32.const 0) (loop $l (param i32) (result i32) (i32.add (i32.const 1)) (br $l)) drop")},
    {"br_on_null_loop", TrapReason::deadline, run("(loop $l (br_on_null $l (ref.null func)) drop)")},
    {"br_on_cast_loop", TrapReason::deadline,
     run("(ref.i31 (i32.const 1)) (loop $l (param (ref any)) (result (ref any)) (br_on_cast $l (ref any) (ref i31)) )  drop (loop $l (br $l))")},
    {"catch_loop", TrapReason::deadline, "(tag $e)" + run("(loop $l (try_table (catch $e $l) (throw $e)))")},
    {"calls", TrapReason::deadline, "(func $f)" + run("(loop $l (call $f) (br $l))")},
    {"return_call", TrapReason::deadline, "(func $f (export \"run\") (return_call $f))"},
    {"return_call_mutual", TrapReason::deadline, "(func $f (export \"run\") (return_call $g)) (func $g (return_call $f))"},
    {"return_call_ref", TrapReason::deadline,
     "(type $t (func)) (elem declare func $f) (func $f (export \"run\") (return_call_ref $t (ref.func $f)))"},
    {"exponential_calls", TrapReason::deadline,
     "(func $f (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1)))"
     " (call $f (i32.sub (local.get 0) (i32.const 1))))))" + run("(call $f (i32.const 64))")},
    {"host_calls", TrapReason::deadline, "(import \"host\" \"nothing\" (func $f))" + run("(loop $l (call $f) (br $l))")},
    {"memory_fill", TrapReason::deadline,
     "(memory 4096)" + run("(loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x10000000)) (br $l))")},
    {"memory_copy", TrapReason::deadline,
     "(memory 2048)" + run("(loop $l (memory.copy (i32.const 1) (i32.const 0) (i32.const 0x7ffffff)) (br $l))")},
    {"table_fill", TrapReason::deadline,
     "(table 1000000 externref)" + run("(loop $l (table.fill (i32.const 0) (ref.null extern) (i32.const 1000000)) (br $l))")},
    {"table_copy", TrapReason::deadline,
     "(table 1000000 funcref)" + run("(loop $l (table.copy (i32.const 1) (i32.const 0) (i32.const 999999)) (br $l))")},
    {"array_fill", TrapReason::deadline,
     "(type $a (array (mut i64)))" + run("(local (ref $a)) (local.set 0 (array.new_default $a (i32.const 1000000)))"
     "(loop $l (array.fill $a (local.get 0) (i32.const 0) (i64.const 1) (i32.const 1000000)) (br $l))")},
    {"garbage", TrapReason::deadline,
     "(type $s (struct (field i64)))" + run("(loop $l (drop (struct.new $s (i64.const 1))) (br $l))")},
    {"garbage_arrays", TrapReason::deadline,
     "(type $a (array i64))" + run("(loop $l (drop (array.new_default $a (i32.const 100000))) (br $l))")},
    {"garbage_and_much_that_lives", TrapReason::deadline,
     "(type $l (struct (field (ref null $l)) (field i64)))" +
     run("(local (ref null $l)) (local $n i32) (loop $l (local.set 0 (struct.new $l (local.get 0) (i64.const 1)))"
         "(br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 200000))))"
         "(loop $l (drop (struct.new $l (ref.null $l) (i64.const 1))) (br $l))")},
    {"atomic_wait", TrapReason::deadline,
     "(memory 1 1 shared)" + run("(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))")},
    {"start", TrapReason::deadline, "(func $f (loop $l (br $l))) (start $f)"},
};

const char wasi_imports[] =
    "(import \"wasi_snapshot_preview1\" \"poll_oneoff\" (func $poll (param i32 i32 i32 i32) (result i32)))"
    "(import \"wasi_snapshot_preview1\" \"fd_read\" (func $read (param i32 i32 i32 i32) (result i32)))"
    "(import \"wasi_snapshot_preview1\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    "(import \"wasi_snapshot_preview1\" \"random_get\" (func $random (param i32 i32) (result i32)))"
    "(import \"wasi_snapshot_preview1\" \"sched_yield\" (func $yield (result i32)))"
    "(import \"wasi_snapshot_preview1\" \"sock_accept\" (func $accept (param i32 i32 i32) (result i32)))"
    "(memory (export \"memory\") 4096)";

/// Subscriptions at 0: a relative clock of an hour, respectively standard input.
const Case wasi_cases[] = {
    {"poll_oneoff_for_an_hour", TrapReason::deadline,
     "(data (i32.const 16) \"\\01\") (data (i32.const 24) \"\\00\\a0\\b8\\30\\46\\03\\00\\00\")" +
     run("(drop (call $poll (i32.const 0) (i32.const 1024) (i32.const 1) (i32.const 2048)))")},
    {"poll_oneoff_for_input", TrapReason::deadline,
     "(data (i32.const 8) \"\\01\")" + run("(drop (call $poll (i32.const 0) (i32.const 1024) (i32.const 1) (i32.const 2048)))")},
    {"poll_oneoff_in_a_loop", TrapReason::deadline,
     run("(loop $l (drop (call $poll (i32.const 0) (i32.const 100000) (i32.const 1000) (i32.const 2048))) (br $l))")},
    {"read_from_a_pipe", TrapReason::deadline,
     "(data (i32.const 0) \"\\20\\00\\00\\00\\08\")" +
     run("(drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))")},
    {"write_to_a_full_pipe", TrapReason::deadline,
     "(data (i32.const 0) \"\\00\\10\\00\\00\\00\\00\\10\\00\")" +
     run("(loop $l (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))) (br $l))")},
    {"random_get_in_a_loop", TrapReason::deadline,
     run("(loop $l (drop (call $random (i32.const 0) (i32.const 0x10000000))) (br $l))")},
    {"yield_in_a_loop", TrapReason::deadline, run("(loop $l (drop (call $yield)) (br $l))")},
    {"accept", TrapReason::deadline, run("(drop (call $accept (i32.const 3) (i32.const 0) (i32.const 16)))")},
};
// clang-format on

struct Setting {
  wisp::MemoryMode memory_mode;
  bool fuel;
};
constexpr Setting settings[] = {
    {wisp::MemoryMode::guard_pages, false},
    {wisp::MemoryMode::guard_pages, true},
    {wisp::MemoryMode::explicit_checks, false},
    {wisp::MemoryMode::explicit_checks, true},
};

constexpr auto deadline = 100ms;
/// Generous, for loaded machines and sanitizers; without its deadline a case would run forever.
constexpr auto patience = 5s;

/// The process's standard input and output are pipes that nobody serves, while it lives.
class DeadPipes {
 public:
  DeadPipes() {
    replace(STDIN_FILENO, in_, 0, saved_in_);
    replace(STDOUT_FILENO, out_, 1, saved_out_);
  }
  ~DeadPipes() {
    dup2(saved_in_, STDIN_FILENO);
    dup2(saved_out_, STDOUT_FILENO);
    for (const int fd : {in_[0], in_[1], out_[0], out_[1], saved_in_, saved_out_}) close(fd);
  }
  DeadPipes(const DeadPipes&) = delete;
  DeadPipes& operator=(const DeadPipes&) = delete;

 private:
  static void replace(int fd, int (&ends)[2], int end, int& saved) {
    saved = dup(fd);
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    EXPECT_EQ(dup2(ends[end], fd), fd);
  }

  int in_[2] = {}, out_[2] = {};
  int saved_in_ = -1, saved_out_ = -1;
};

class Hostile : public testing::TestWithParam<Case> {
 protected:
  /// Why "run" ends, start function included; with `wasi`, the module gets WASI's imports and dead pipes.
  static TrapReason reason(const std::string& module_text, const Setting& setting, bool with_wasi,
                           std::optional<std::chrono::nanoseconds> timeout) {
    wisp::Config config = wisp::test::config();
    config.memory_mode = setting.memory_mode;
    config.fuel = setting.fuel;
    const wisp::Engine engine(config);
    wisp::StoreLimits limits;
    limits.memory_bytes = std::uint64_t{256} << 20;
    limits.table_entries = 1'000'000;
    limits.heap_bytes = std::uint64_t{16} << 20;
    auto store = wisp::Store::create(engine, limits).value();
    store.set_fuel(std::uint64_t{1} << 50);

    wisp::Linker linker(engine);
    EXPECT_TRUE(linker.define("host", "nothing", [] {}).ok());
    EXPECT_TRUE(linker
                    .define("host", "again",
                            [](wisp::Caller& caller) -> wisp::Outcome<void> {
                              auto outcome = caller.instance()->func("run")->call();
                              if (outcome.trap() != nullptr) return std::move(*outcome.trap());
                              return {};
                            })
                    .ok());
    std::optional<wisp::Wasi> wasi;
    if (with_wasi) {
      wisp::WasiConfig world;
      world.inherit_stdin().inherit_stdout().listen("127.0.0.1:0");
      wasi = wisp::Wasi::create(store, world).value();
      EXPECT_TRUE(wasi->define_in(linker).ok());
    }

    const auto module = wisp::Module::from_text(engine, module_text);
    EXPECT_TRUE(module.ok()) << (module.ok() ? "" : module.error().message + " at ...")
                             << (module.ok() ? "" : module_text.substr(module.error().offset, 60));
    if (!module.ok()) return TrapReason::host;
    if (timeout) store.set_timeout(*timeout);
    const auto instance = linker.instantiate(store, *module);
    if (!instance.ok()) return reason_of(instance);
    return reason_of(instance->func("run")->call());
  }

  void expect(bool with_wasi = false) {
    std::optional<DeadPipes> pipes;
    for (const Setting& setting : settings) {
      const std::string text = (with_wasi ? wasi_imports : "") + GetParam().module;
      const auto begin = std::chrono::steady_clock::now();
      if (with_wasi) pipes.emplace();
      const bool with_timeout = GetParam().reason == TrapReason::deadline;
      const TrapReason got = reason(text, setting, with_wasi, with_timeout ? std::optional(deadline) : std::nullopt);
      pipes.reset();
      const auto took = std::chrono::steady_clock::now() - begin;
      EXPECT_EQ(int(got), int(GetParam().reason))
          << "memory mode " << int(setting.memory_mode) << " fuel " << setting.fuel;
      EXPECT_LT(took, patience);
    }
  }

 private:
  template <class T>
  static TrapReason reason_of(const wisp::Outcome<T>& outcome) {
    EXPECT_EQ(outcome.error(), nullptr) << outcome.message();
    return outcome.trap() != nullptr ? outcome.trap()->reason : TrapReason::none;
  }
};

TEST_P(Hostile, Ends) {
  expect();
}

class HostileWasi : public Hostile {};

TEST_P(HostileWasi, Ends) {
  expect(true);
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Stack, Hostile, testing::ValuesIn(stack_cases), name_of);
INSTANTIATE_TEST_SUITE_P(Exceptions, Hostile, testing::ValuesIn(exception_cases), name_of);
INSTANTIATE_TEST_SUITE_P(Bounds, Hostile, testing::ValuesIn(bounds_cases), name_of);
INSTANTIATE_TEST_SUITE_P(Growth, Hostile, testing::ValuesIn(growth_cases), name_of);
INSTANTIATE_TEST_SUITE_P(Deadline, Hostile, testing::ValuesIn(deadline_cases), name_of);
INSTANTIATE_TEST_SUITE_P(Deadline, HostileWasi, testing::ValuesIn(wasi_cases), name_of);

}  // namespace
