# The object files that test_symbols reads, made with the compiler's own flags whatever the preset:
# ${WS_SAMPLES}/NAME.so. Not linked into anything.
set(WS_SAMPLES ${CMAKE_BINARY_DIR}/tests/unit/samples)
set(WS_SAMPLES_SOURCE ${CMAKE_SOURCE_DIR}/tests/unit/samples)
file(MAKE_DIRECTORY ${WS_SAMPLES})
find_program(WS_SAMPLES_CXX NAMES g++ clang++)
find_program(WS_SAMPLES_CLANG NAMES clang)
find_program(WS_SAMPLES_XZ NAMES xz)
if(NOT WS_SAMPLES_CXX)
  message(FATAL_ERROR "no C++ compiler for the tests: apt-get install g++")
endif()
if(NOT WS_SAMPLES_XZ)
  message(FATAL_ERROR "xz is missing: apt-get install xz-utils")
endif()

# ws_sample(OUTPUT DEPENDS... COMMANDS...): one file, made in the samples' folder.
set(WS_SAMPLE_FILES)
macro(ws_sample output depends)
  add_custom_command(OUTPUT ${WS_SAMPLES}/${output} DEPENDS ${depends} WORKING_DIRECTORY ${WS_SAMPLES}
    COMMENT "Making sample ${output}" VERBATIM ${ARGN})
  list(APPEND WS_SAMPLE_FILES ${WS_SAMPLES}/${output})
endmacro()
set(_c ${WS_SAMPLES_SOURCE}/symbols.c)
set(_cc ${WS_SAMPLES_SOURCE}/symbols.cc)
set(_shared -shared -fPIC -g)

ws_sample(plain.so ${_c} COMMAND ${CMAKE_C_COMPILER} ${_shared} -O0 -Wl,--build-id -o plain.so ${_c})
ws_sample(inlined.so ${_c} COMMAND ${CMAKE_C_COMPILER} ${_shared} -O2 -Wl,--build-id -o inlined.so ${_c})
ws_sample(executable ${_c} COMMAND ${CMAKE_C_COMPILER} -no-pie -fno-pie -g -O2 -Wl,--build-id -o executable ${_c})
ws_sample(nobuildid.so ${_c} COMMAND ${CMAKE_C_COMPILER} ${_shared} -O2 -Wl,--build-id=none -o nobuildid.so ${_c})
# The functions are in the .dwo beside the object file, the lines in the library.
ws_sample(dwo.so ${_c}
  COMMAND ${CMAKE_C_COMPILER} -fPIC -g -O2 -gsplit-dwarf -c -o dwo.o ${_c}
  COMMAND ${CMAKE_C_COMPILER} -shared -Wl,--build-id -o dwo.so dwo.o)
ws_sample(stripped.so ${WS_SAMPLES}/inlined.so COMMAND ${CMAKE_STRIP} -o stripped.so inlined.so)
foreach(_name linked nobuildid_linked)
  string(REPLACE "linked" "" _from ${_name})
  string(REPLACE "_" "" _from "${_from}")
  if(NOT _from)
    set(_from inlined)
  endif()
  ws_sample(${_name}.so ${WS_SAMPLES}/${_from}.so
    COMMAND ${CMAKE_OBJCOPY} --only-keep-debug ${_from}.so ${_name}.so.debug
    COMMAND ${CMAKE_STRIP} -o ${_name}.so ${_from}.so
    COMMAND ${CMAKE_OBJCOPY} --remove-section=.gnu_debuglink --add-gnu-debuglink=${_name}.so.debug ${_name}.so)
endforeach()
# Fedora's way: a compressed symbol table inside the stripped file.
ws_sample(minidebug.so ${WS_SAMPLES}/inlined.so
  COMMAND ${CMAKE_STRIP} -g -o minidebug.symbols inlined.so
  COMMAND ${WS_SAMPLES_XZ} -kf minidebug.symbols
  COMMAND ${CMAKE_STRIP} -o minidebug.so inlined.so
  COMMAND ${CMAKE_OBJCOPY} --add-section .gnu_debugdata=minidebug.symbols.xz minidebug.so)
ws_sample(cc.so ${_cc} COMMAND ${WS_SAMPLES_CXX} ${_shared} -O1 -fno-inline -Wl,--build-id -o cc.so ${_cc})
ws_sample(cc_symbols.so ${WS_SAMPLES}/cc.so COMMAND ${CMAKE_STRIP} -g -o cc_symbols.so cc.so)
if(WS_SAMPLES_CLANG)
  ws_sample(clang.so ${_c} COMMAND ${WS_SAMPLES_CLANG} ${_shared} -O2 -Wl,--build-id -o clang.so ${_c})
endif()
add_custom_target(ws_samples DEPENDS ${WS_SAMPLE_FILES})
