# Fails unless the page is what its generator prints. GENERATE: command line; PAGE: file.
separate_arguments(GENERATE UNIX_COMMAND "${GENERATE}")
execute_process(COMMAND ${GENERATE} OUTPUT_VARIABLE made COMMAND_ERROR_IS_FATAL ANY)
if(EXISTS ${PAGE})
  file(READ ${PAGE} kept)
endif()
if(NOT "${made}" STREQUAL "${kept}")
  message(FATAL_ERROR "${PAGE} is not what the source says now: cmake --build build --target docs")
endif()
