# Stencils: the op bodies of the interpreter, compiled with their operands and successors as symbols that nobody defines
# (stencil_state.hpp), and read by the generator. The IR in between gets the ranges of the holes' values, so that the
# compiler takes them for immediates and not for addresses. -fbasic-block-sections: each block of a body is a section
# and each jump a relocation; the generator needs no disassembler.
set(stencil_ir_flags -std=c++23 -O2 -fPIE -fvisibility=hidden -fomit-frame-pointer -fno-asynchronous-unwind-tables
  -fno-unwind-tables -fno-stack-protector -fcf-protection=none -fno-exceptions -fno-rtti -fno-strict-aliasing
  -ffp-contract=off -march=x86-64-v2 -fno-vectorize -fno-slp-vectorize -fno-jump-tables -fno-unroll-loops
  -fno-builtin-memset -fno-builtin-memmove -Xclang -no-enable-noundef-analysis -Wall -Wextra -Werror
  -I${PROJECT_SOURCE_DIR}/src -I${PROJECT_SOURCE_DIR}/include -DWISP_STENCIL
  "-DWISP_STATE_HEADER=\"baseline/stencil_state.hpp\"")
set(stencil_code_flags -O2 -fPIE -march=x86-64-v2 -ffunction-sections -fbasic-block-sections=all -fstack-size-section
  -fomit-frame-pointer -fno-vectorize -fno-slp-vectorize -fno-unroll-loops)
set(stencil_folder ${CMAKE_CURRENT_BINARY_DIR}/stencils)
file(MAKE_DIRECTORY ${stencil_folder})

# wisp_stencils(NAME SOURCE [flags...]): the object NAME.o of one source file of op bodies.
function(wisp_stencils name source)
  set(ir ${stencil_folder}/${name}.ll)
  set(object ${stencil_folder}/${name}.o)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${CMAKE_CXX_COMPILER} ${stencil_ir_flags} ${ARGN} -S -emit-llvm -MD -MT ${object} -MF ${object}.d
      ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${ir}
    COMMAND sed -E -i -f ${CMAKE_CURRENT_SOURCE_DIR}/baseline/generator/hole_ranges.sed ${ir}
    COMMAND ${CMAKE_CXX_COMPILER} ${stencil_code_flags} ${ARGN} -c ${ir} -o ${object}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${source} ${CMAKE_CURRENT_SOURCE_DIR}/baseline/generator/hole_ranges.sed
    DEPFILE ${object}.d
    VERBATIM)
  set(stencil_objects ${stencil_objects} ${object} PARENT_SCOPE)
endfunction()

foreach(family integer floating branch memory control calls objects atomic tables)
  wisp_stencils(${family} interp/ops_${family}.cpp)
endforeach()
# Lanes are written as loops, of which nothing is to be left.
foreach(family vector_integer vector_float)
  wisp_stencils(${family} interp/ops_${family}.cpp -funroll-loops -fvectorize -fslp-vectorize)
  wisp_stencils(pinned_${family} baseline/pinned/pinned_${family}.cpp -funroll-loops -fvectorize -fslp-vectorize)
endforeach()
wisp_stencils(guarded_memory interp/ops_memory.cpp -DWISP_GUARDED)
foreach(family integer floating branch memory control)
  wisp_stencils(pinned_${family} baseline/pinned/pinned_${family}.cpp)
endforeach()
wisp_stencils(guarded_pinned_memory baseline/pinned/pinned_memory.cpp -DWISP_GUARDED)
wisp_stencils(pin_moves baseline/pinned/pin_moves.cpp)

add_executable(make_stencils baseline/generator/make_stencils.cpp)
target_include_directories(make_stencils PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
set(stencil_table ${stencil_folder}/stencils.cpp)
add_custom_command(
  OUTPUT ${stencil_table}
  COMMAND make_stencils ${stencil_table} ${stencil_objects}
  DEPENDS make_stencils ${stencil_objects}
  VERBATIM)
