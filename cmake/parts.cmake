# One CMake target per part. A part's sources are the .cpp files of its folder and those below it that are not
# parts themselves; x_test.cpp files become one test program `wisp_<name>_test`.

find_package(GTest REQUIRED)
include(GoogleTest)

# The optimizing compiler is left out where LLVM is missing, and under sanitizers, which LLVM is built without.
find_path(WISP_LLVM_INCLUDE llvm/IR/Module.h PATHS /usr/lib/llvm-22/include NO_DEFAULT_PATH)
find_program(WISP_LLVM_CONFIG llvm-config PATHS /usr/lib/llvm-22/bin NO_DEFAULT_PATH)
set(wisp_has_llvm OFF)
if(WISP_LLVM_INCLUDE AND WISP_LLVM_CONFIG AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND NOT WISP_SANITIZE)
  set(wisp_has_llvm ON)
endif()

# Tests that run on every tier, besides the choice among them: a test program reads it from WISP_TEST_TIER.
set(wisp_tiers interpreter baseline)
if(wisp_has_llvm)
  list(APPEND wisp_tiers optimizing)
endif()
# wisp_discover_tests(PROGRAM PREFIX EVERY_TIER [PROPERTIES...])
function(wisp_discover_tests program prefix every_tier)
  if(NOT every_tier)
    gtest_discover_tests(${program} TEST_PREFIX "${prefix}." DISCOVERY_TIMEOUT 60 PROPERTIES ${ARGN})
    return()
  endif()
  foreach(tier automatic ${wisp_tiers})
    gtest_discover_tests(${program} TEST_PREFIX "${prefix}.${tier}." DISCOVERY_TIMEOUT 60
      PROPERTIES ENVIRONMENT WISP_TEST_TIER=${tier} ${ARGN})
  endforeach()
endfunction()

# What the boundaries between files and parts of the library cost is taken out of the command when it is linked. The objects
# are machine code as well, which is what everything else links.
set(wisp_lto -flto=thin -ffat-lto-objects)
set(wisp_lto_link ${wisp_lto} -Wl,--thinlto-cache-dir=${CMAKE_BINARY_DIR}/lto)

# wisp_part(NAME FOLDER [DEPENDS part...] [EXCLUDE folder...] [EXCEPTIONS] [EVERY_TIER])
function(wisp_part name folder)
  cmake_parse_arguments(PART "EXCEPTIONS;EVERY_TIER" "" "DEPENDS;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  foreach(excluded ${PART_EXCLUDE})
    list(FILTER sources EXCLUDE REGEX "/${folder}/${excluded}/")
  endforeach()
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  if(sources)
    add_library(wisp_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(wisp_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(wisp_${name} ${scope} ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  foreach(dependency ${PART_DEPENDS})
    target_link_libraries(wisp_${name} ${scope} wisp_${dependency})
  endforeach()
  if(sources AND NOT PART_EXCEPTIONS)
    target_compile_options(wisp_${name} PRIVATE -fno-exceptions -fno-rtti $<$<CONFIG:Release>:${wisp_lto}>)
  endif()

  if(tests)
    add_executable(wisp_${name}_test ${tests})
    target_link_libraries(wisp_${name}_test PRIVATE wisp_${name} GTest::gtest_main GTest::gmock)
    target_compile_definitions(wisp_${name}_test PRIVATE
      WISP_SOURCE_DIR="${PROJECT_SOURCE_DIR}" WISP_INTERFACES_DIR="${WISP_INTERFACES}" WISP_SUITES_DIR="${WISP_SUITES}")
    # Tests are compiled more often than they run long.
    target_compile_options(wisp_${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)
    if(NOT PART_EXCEPTIONS)
      # A test may implement an interface of the library, which has no type information to derive from.
      target_compile_options(wisp_${name}_test PRIVATE -fno-rtti)
    endif()
    wisp_discover_tests(wisp_${name}_test ${name} ${PART_EVERY_TIER})
  endif()
endfunction()

# Where the official suites and interface files are; tests that need them say so and are left out without them.
function(wisp_data_path variable folder)
  if(DEFINED ENV{${variable}})
    set(${variable} "$ENV{${variable}}" PARENT_SCOPE)
  else()
    get_filename_component(path "${PROJECT_SOURCE_DIR}/../shared/${folder}" ABSOLUTE)
    set(${variable} "${path}" PARENT_SCOPE)
  endif()
endfunction()
wisp_data_path(WISP_SUITES suites)
wisp_data_path(WISP_INTERFACES interfaces)
