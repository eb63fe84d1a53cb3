# A room is one folder of the house: every .cc in it is one static library, named seedbed_<room>.
# Globs with CONFIGURE_DEPENDS: a source that nobody builds cannot exist.

# What nearly every source includes, compiled once for all rooms.
if(NOT EXISTS ${CMAKE_BINARY_DIR}/room_headers.cc)
  file(WRITE ${CMAKE_BINARY_DIR}/room_headers.cc "")
endif()
add_library(seedbed_room_headers OBJECT ${CMAKE_BINARY_DIR}/room_headers.cc)
target_link_libraries(seedbed_room_headers PRIVATE seedbed_flags OpenSSL::Crypto fmt::fmt spdlog::spdlog)
target_precompile_headers(seedbed_room_headers PRIVATE <fmt/format.h> <algorithm> <array> <deque> <expected> <functional> <map> <memory>
  <optional> <set> <span> <string> <string_view> <vector>)

# seedbed_room(<name> <folder> [ROOMS other rooms] [LINKS targets or libraries] [APART sources])
# Eight sources are compiled at once (SEEDBED_UNITY), so their file-local names must not meet; APART: not these.
function(seedbed_room name folder)
  cmake_parse_arguments(ARG "" "" "ROOMS;LINKS;APART" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/[a-z_]*main\\.cc$")
  list(TRANSFORM ARG_ROOMS PREPEND seedbed_)
  if(sources)
    add_library(seedbed_${name} STATIC ${sources})
    target_link_libraries(seedbed_${name} PUBLIC seedbed_flags ${ARG_ROOMS} ${ARG_LINKS})
    target_precompile_headers(seedbed_${name} REUSE_FROM seedbed_room_headers)
    if(SEEDBED_UNITY)
      set_target_properties(seedbed_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
      foreach(source ${ARG_APART})
        set_source_files_properties(${folder}/${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
      endforeach()
    endif()
    if(SEEDBED_SANITIZE)   # only those that a test needs
      set_target_properties(seedbed_${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
  else()
    add_library(seedbed_${name} INTERFACE)
    target_link_libraries(seedbed_${name} INTERFACE seedbed_flags ${ARG_ROOMS} ${ARG_LINKS})
  endif()
endfunction()

# What scripts/test builds in release: programs, benchmarks, and the tests that run them.
add_custom_target(release_checks)

# seedbed_program(<name> <main source> ROOMS ... LINKS ...): a binary in build/<preset>/bin.
function(seedbed_program name source)
  cmake_parse_arguments(ARG "" "" "ROOMS;LINKS" ${ARGN})
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${source})
    return()
  endif()
  list(TRANSFORM ARG_ROOMS PREPEND seedbed_)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE seedbed_flags ${ARG_ROOMS} ${ARG_LINKS})
  if(SEEDBED_SANITIZE)   # only those that a test starts
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  add_dependencies(release_checks ${name})
endfunction()

# seedbed_tests(<name> [THREADS] ROOMS ... LINKS ...): every tests/<name>/*.cc in one GoogleTest binary, each TEST
# known to ctest. SANITIZED: unit and property tests, which scripts/test runs under ASan + UBSan; the others, which run whole programs
# or explore by the thousand, it runs in release (label `NAME-release`). THREADS: also under ThreadSanitizer.
# UNITY: five files are compiled at once, which halves the time; their names must not meet.
function(seedbed_tests name)
  cmake_parse_arguments(ARG "THREADS;SANITIZED;UNITY" "TIMEOUT" "ROOMS;LINKS;DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${name}/*.cc)
  if(NOT sources)
    return()
  endif()
  if((SEEDBED_SANITIZE STREQUAL "thread" AND NOT ARG_THREADS) OR (SEEDBED_SANITIZE MATCHES "address" AND NOT ARG_SANITIZED))
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  list(TRANSFORM ARG_ROOMS PREPEND seedbed_)
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE seedbed_flags seedbed_test_flags seedbed_test_support ${ARG_ROOMS} ${ARG_LINKS})
  target_precompile_headers(test_${name} REUSE_FROM seedbed_test_headers)
  if(ARG_UNITY)
    set_target_properties(test_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 5)
  endif()
  if(ARG_DEPENDS)
    add_dependencies(test_${name} ${ARG_DEPENDS})
  endif()
  set(label ${name})
  if(NOT ARG_SANITIZED)
    set(label ${name}-release)   # one word: a list does not survive the discovery of tests
    add_dependencies(release_checks test_${name})
  endif()
  gtest_discover_tests(test_${name} TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS ${label})
endfunction()
