# The floors of the house, bottom up: which room links which. tests/house checks the #includes against the same order.
seedbed_room(base engine/base LINKS OpenSSL::Crypto ZLIB::ZLIB fmt::fmt spdlog::spdlog Threads::Threads)
seedbed_room(ports engine/ports ROOMS base)
seedbed_room(documents engine/documents ROOMS ports base LINKS LibXml2::LibXml2 nlohmann_json::nlohmann_json)
seedbed_room(compression engine/compression ROOMS ports base LINKS PkgConfig::ZSTD)
# the instruction sets: functions for one must not be inlined into code for another
seedbed_room(sectors engine/sectors ROOMS ports base APART md5_avx2.cc md5_avx512.cc)
# libntfs-3g, static, so that it stamps files by the engine's clock and its memory is kept in a ledger (engine/volume/ntfs_clock.cc,
# ntfs_memory.cc: their archive members must come along)
add_library(seedbed_ntfs3g INTERFACE)
target_link_libraries(seedbed_ntfs3g INTERFACE ${NTFS3G_STATIC})
target_link_options(seedbed_ntfs3g INTERFACE -Wl,--wrap=clock_gettime,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
  -Wl,--undefined=__wrap_clock_gettime,--undefined=__wrap_malloc)
target_include_directories(seedbed_ntfs3g SYSTEM INTERFACE ${NTFS3G_INCLUDE}/ntfs-3g)
seedbed_room(volume engine/volume ROOMS sectors ports base LINKS seedbed_ntfs3g)
seedbed_room(journal engine/journal ROOMS ports base)
seedbed_room(linux engine/linux ROOMS ports base LINKS PkgConfig::LIBURING PkgConfig::HTTPLIB OpenSSL::SSL tomlplusplus::tomlplusplus
  nlohmann_json::nlohmann_json)
seedbed_room(staging engine/staging ROOMS compression ports base)
seedbed_room(cloud engine/cloud ROOMS documents ports base LINKS nlohmann_json::nlohmann_json)
seedbed_room(prep engine/prep ROOMS staging cloud volume sectors journal documents ports base)
seedbed_room(agent engine/agent ROOMS staging cloud compression documents ports base LINKS tomlplusplus::tomlplusplus)
seedbed_room(cli engine/cli ROOMS agent prep linux LINKS CLI11::CLI11 nlohmann_json::nlohmann_json)
seedbed_room(reports reports ROOMS ports base LINKS nlohmann_json::nlohmann_json)
seedbed_room(simulator simulator ROOMS ports base LINKS Boost::context)
# A fibre that parks inside the initialiser of a function-local static dies at once, not under some seeds only (simulator/fibre.cc). The
# archive member with the wrappers must come along even where nothing else refers to it.
target_link_options(seedbed_simulator INTERFACE -Wl,--wrap=__cxa_guard_acquire,--wrap=__cxa_guard_release,--wrap=__cxa_guard_abort
  -Wl,--undefined=__wrap___cxa_guard_acquire)
seedbed_room(reference fakes/reference ROOMS ports base LINKS LibXml2::LibXml2 PkgConfig::ZSTD)
seedbed_room(store fakes/store ROOMS ports base LINKS SQLite::SQLite3 nlohmann_json::nlohmann_json)
seedbed_room(storage_account fakes/storage_account ROOMS store ports base LINKS LibXml2::LibXml2)
seedbed_room(import_service fakes/import_service ROOMS reference store ports base LINKS nlohmann_json::nlohmann_json)
seedbed_room(vault_service fakes/vault_service ROOMS store ports base LINKS nlohmann_json::nlohmann_json)
seedbed_room(carrier fakes/carrier ROOMS import_service store ports base LINKS nlohmann_json::nlohmann_json)
seedbed_room(server fakes/server ROOMS storage_account import_service vault_service carrier store ports base LINKS PkgConfig::HTTPLIB
  OpenSSL::SSL)
seedbed_room(scenarios scenarios ROOMS agent prep server reference reports simulator linux journal ports base LINKS tomlplusplus::tomlplusplus)

seedbed_program(offseed engine/cli/offseed_main.cc ROOMS cli)
seedbed_program(drivereader fakes/reference/drivereader_main.cc ROOMS reference linux)
seedbed_program(fakeazure fakes/server/fakeazure_main.cc ROOMS server linux LINKS CLI11::CLI11)
seedbed_program(seedbed scenarios/seedbed_main.cc ROOMS scenarios LINKS CLI11::CLI11)
# What bench/compare times as whole processes, beside other tools.
seedbed_program(corpus_maker bench/corpus_maker.cc ROOMS base)
seedbed_program(stage_once bench/stage_once.cc ROOMS staging linux)
