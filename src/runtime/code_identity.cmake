# Cached code is good for the build that made it: its identity is the version, the build type, LLVM's version, and the
# sources that say what code looks like and what it finds in memory. Run as a script it writes the header.
if(CMAKE_SCRIPT_MODE_FILE)
  file(STRINGS ${LIST} files)
  set(hashes "")
  foreach(file ${files})
    file(SHA256 ${file} hash)
    string(APPEND hashes ${hash})
  endforeach()
  string(SHA256 hash "${hashes}")
  string(SUBSTRING ${hash} 0 32 hash)
  file(WRITE ${OUTPUT} "#define WISP_CODE_IDENTITY \"${PREFIX} ${hash}\"\n")
  return()
endif()

find_file(wisp_llvm_config llvm/Config/llvm-config.h PATHS /usr/lib/llvm-22/include NO_DEFAULT_PATH)
set(llvm_version "none")
if(wisp_llvm_config)
  file(STRINGS ${wisp_llvm_config} llvm_version REGEX "define LLVM_VERSION_STRING")
  string(REGEX REPLACE ".*\"(.*)\".*" "\\1" llvm_version "${llvm_version}")
endif()
set(folders base wasm runtime llvm)
set(identity_sources ${PROJECT_SOURCE_DIR}/src/baseline/optimized_calls.cpp
  ${PROJECT_SOURCE_DIR}/src/abi/host_function.hpp ${PROJECT_SOURCE_DIR}/include/wisp/direct_result.hpp)
foreach(folder ${folders})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.hpp
    ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.def)
  list(FILTER sources EXCLUDE REGEX "_test\\.")
  list(APPEND identity_sources ${sources})
endforeach()
set(identity_folder ${CMAKE_CURRENT_BINARY_DIR}/generated)
string(REPLACE ";" "\n" identity_list "${identity_sources}")
file(CONFIGURE OUTPUT ${identity_folder}/sources.txt CONTENT "${identity_list}\n")
add_custom_command(
  OUTPUT ${identity_folder}/runtime/code_identity_value.hpp
  COMMAND ${CMAKE_COMMAND} -DLIST=${identity_folder}/sources.txt
    -DOUTPUT=${identity_folder}/runtime/code_identity_value.hpp
    "-DPREFIX=${PROJECT_VERSION} ${CMAKE_BUILD_TYPE} ${WISP_SANITIZE} LLVM ${llvm_version}"
    -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${identity_sources} ${CMAKE_CURRENT_LIST_FILE} ${identity_folder}/sources.txt
  VERBATIM)
add_custom_target(wisp_code_identity DEPENDS ${identity_folder}/runtime/code_identity_value.hpp)
