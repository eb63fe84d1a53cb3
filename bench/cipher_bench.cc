// What encrypting sectors costs, one thread, MB/s of plain data (bytes_per_second):
//   cipher_encrypt/<path>/<sector>   XTS-AES-128 of 1 MiB in place, OpenSSL's EVP and the own VAES path, 512-
//   and 4096-byte sectors cipher_decrypt/<path>/<sector>   the same backwards cipher_clone/<path> making a
//   second cipher for another task (key schedule, contexts) cipher_stretch                   stretching one
//   recovery password (2^20 rounds of SHA-256)
#include <benchmark/benchmark.h>

#include "engine/base/random.h"
#include "engine/sectors/sector_cipher.h"
#include "engine/volume/bitlocker_keys.h"

using namespace seedbed;

namespace {

SectorCipher cipher_of(CipherPath path, uint32_t sector_bytes) {
  SecretBytes key(32);
  Random(1).fill(key.mutable_span());
  return *SectorCipher::make(key, sector_bytes, path);
}

using Direction = void (SectorCipher::*)(uint64_t physical_offset_bytes, MutableByteSpan data);

void sectors(benchmark::State& state, CipherPath path, Direction direction) {
  SectorCipher cipher = cipher_of(path, static_cast<uint32_t>(state.range(0)));
  AlignedBuffer data(1 * MiB);
  Random(2).fill(data.span());
  for (auto _ : state) {
    (cipher.*direction)(64 * GiB, data.span());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * data.size()));
  state.SetLabel(std::string(cipher.path_name()));  // a CPU without VAES shows here that both are the same
}
BENCHMARK_CAPTURE(sectors, encrypt_openssl, CipherPath::openssl, &SectorCipher::encrypt)
    ->Name("cipher_encrypt/openssl")
    ->Arg(512)
    ->Arg(4096);
BENCHMARK_CAPTURE(sectors, encrypt_vaes, CipherPath::vaes, &SectorCipher::encrypt)
    ->Name("cipher_encrypt/vaes")
    ->Arg(512)
    ->Arg(4096);
BENCHMARK_CAPTURE(sectors, decrypt_openssl, CipherPath::openssl, &SectorCipher::decrypt)
    ->Name("cipher_decrypt/openssl")
    ->Arg(512)
    ->Arg(4096);
BENCHMARK_CAPTURE(sectors, decrypt_vaes, CipherPath::vaes, &SectorCipher::decrypt)
    ->Name("cipher_decrypt/vaes")
    ->Arg(512)
    ->Arg(4096);

void clones(benchmark::State& state, CipherPath path) {
  const SectorCipher cipher = cipher_of(path, 512);
  for (auto _ : state) benchmark::DoNotOptimize(cipher.clone());
}
BENCHMARK_CAPTURE(clones, openssl, CipherPath::openssl)->Name("cipher_clone/openssl");
BENCHMARK_CAPTURE(clones, vaes, CipherPath::vaes)->Name("cipher_clone/vaes");

void stretching(benchmark::State& state) {
  SecretBytes key(16);
  for (auto _ : state) benchmark::DoNotOptimize(stretch_recovery_key(key, Salt{}));
}
BENCHMARK(stretching)->Name("cipher_stretch")->Unit(benchmark::kMillisecond);

}  // namespace
