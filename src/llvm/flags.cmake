# The optimizing compiler is a library of its own, loaded when it is wanted. Without LLVM it is left out.
find_path(WISP_LLVM_INCLUDE llvm/IR/Module.h PATHS /usr/lib/llvm-22/include NO_DEFAULT_PATH)
find_library(WISP_LLVM_LIBRARY LLVM-22 PATHS /usr/lib/llvm-22/lib NO_DEFAULT_PATH)
if(WISP_LLVM_INCLUDE AND WISP_LLVM_LIBRARY AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND NOT WISP_SANITIZE)
  file(GLOB llvm_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
  list(FILTER llvm_sources EXCLUDE REGEX "_test\\.cpp$")
  add_library(wisp-llvm SHARED ${llvm_sources})
  set_target_properties(wisp-llvm PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  target_include_directories(wisp-llvm PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  target_include_directories(wisp-llvm SYSTEM PRIVATE ${WISP_LLVM_INCLUDE})
  target_compile_options(wisp-llvm PRIVATE -fno-exceptions -fno-rtti -fvisibility=hidden -Wno-invalid-offsetof)
  target_link_libraries(wisp-llvm PRIVATE wisp_wasm wisp_base ${WISP_LLVM_LIBRARY})
  # Nothing but the factory is seen from outside; the static parts in it are private copies.
  # Undefined symbols are an error here, and not where it is loaded, which would go on without it.
  target_link_options(wisp-llvm PRIVATE -Wl,-z,defs -Wl,--version-script=${CMAKE_CURRENT_LIST_DIR}/exports.map)
  set_target_properties(wisp-llvm PROPERTIES LINK_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/exports.map)
endif()
