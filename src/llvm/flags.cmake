# The optimizing compiler is a library of its own, loaded when it is wanted.
if(wisp_has_llvm)
  file(GLOB llvm_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
  list(FILTER llvm_sources EXCLUDE REGEX "_test\\.cpp$")
  add_library(wisp-llvm SHARED ${llvm_sources})
  set_target_properties(wisp-llvm PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  target_include_directories(wisp-llvm PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include ${identity_folder})
  add_dependencies(wisp-llvm wisp_code_identity)
  target_include_directories(wisp-llvm SYSTEM PRIVATE ${WISP_LLVM_INCLUDE})
  target_compile_options(wisp-llvm PRIVATE -fno-exceptions -fno-rtti -fvisibility=hidden -Wno-invalid-offsetof)
  # The parts of LLVM that are used become parts of the library: it is loaded four times as fast as all of LLVM.
  execute_process(COMMAND ${WISP_LLVM_CONFIG} --link-static --libs passes x86codegen OUTPUT_VARIABLE llvm_parts
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(llvm_parts)
  target_link_directories(wisp-llvm PRIVATE /usr/lib/llvm-22/lib)
  target_link_libraries(wisp-llvm PRIVATE wisp_wasm wisp_sys wisp_base ${llvm_parts} z zstd)
  # Nothing but the factory is seen from outside; the static parts in it are private copies.
  # Undefined symbols are an error here, and not where it is loaded, which would go on without it.
  target_link_options(wisp-llvm PRIVATE -Wl,--gc-sections -Wl,-z,defs -Wl,--version-script=${CMAKE_CURRENT_LIST_DIR}/exports.map)
  set_target_properties(wisp-llvm PROPERTIES LINK_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/exports.map)

  add_executable(wisp_llvm_test ${CMAKE_CURRENT_LIST_DIR}/compiler_test.cpp)
  target_link_libraries(wisp_llvm_test PRIVATE wisp-llvm wisp_runtime GTest::gtest_main)
  target_compile_options(wisp_llvm_test PRIVATE -fno-rtti $<$<CONFIG:Release>:-O1>)
  gtest_discover_tests(wisp_llvm_test TEST_PREFIX "llvm." DISCOVERY_TIMEOUT 60)
endif()
