# Names for code and data. libiberty-dev is a static library of C code: its demangler knows C++,
# Rust and D.
find_path(IBERTY_INCLUDE libiberty/demangle.h)
find_library(IBERTY_LIBRARY NAMES libiberty.a)
if(NOT IBERTY_INCLUDE OR NOT IBERTY_LIBRARY)
  message(FATAL_ERROR "libiberty/demangle.h is missing: apt-get install libiberty-dev")
endif()
ws_require(ELF libelf libelf-dev)

add_library(ws_symbols OBJECT spans.c symbols.c symbols_dwarf.c symbols_elf.c symbols_names.c
  symbols_store.c)
target_link_libraries(ws_symbols PUBLIC PkgConfig::DW PkgConfig::ELF PkgConfig::JANSSON ${IBERTY_LIBRARY})

ws_unit_test(test_spans LIBS ws_symbols ws_base)
if(WS_TESTS)
  include(${CMAKE_SOURCE_DIR}/tests/unit/samples/samples.cmake)
  foreach(_test test_symbols test_symbols_store)
    ws_unit_test(${_test} SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/samples/sample.c
      LIBS ws_symbols ws_base)
    add_dependencies(${_test} ws_samples)
    target_compile_definitions(${_test} PRIVATE WS_SAMPLES="${WS_SAMPLES}"
      WS_SAMPLES_SOURCE="${WS_SAMPLES_SOURCE}" $<$<BOOL:${WS_SAMPLES_CLANG}>:WS_SAMPLES_CLANG>)
  endforeach()
endif()
