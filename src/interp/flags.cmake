# Op bodies and everything else of the interpreter: x86-64-v2 is the oldest CPU that it runs on (SSE4.1, POPCNT), floats are
# exactly IEEE 754, and a handler is nothing but its instructions: no frame pointer, no landing pad, no unwind table,
# and nothing that the linker makes of it.
# -no-enable-noundef-analysis: lanes of the vector accumulator that hold nothing are passed along undefined.
set(interp_flags -ffp-contract=off -fomit-frame-pointer -fno-asynchronous-unwind-tables -fno-unwind-tables
  -fno-stack-protector -fcf-protection=none -fno-lto -fvisibility=hidden -Xclang -no-enable-noundef-analysis)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  list(APPEND interp_flags -march=x86-64-v2)
endif()
file(GLOB interp_ops CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/ops_*.cpp ${CMAKE_CURRENT_LIST_DIR}/slow_paths.cpp)
set_source_files_properties(${interp_ops} PROPERTIES COMPILE_OPTIONS "${interp_flags}")
