// use.cpp: the same numbers from C++, by two threads at once, through the descriptor: what a program does that does not
// know the model when it is compiled.
//
//     ./use_cpp param.npy images.npy
#include "fashion.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static std::vector<float> read_floats(const char *path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (all.size() < 10 || std::memcmp(all.data(), "\x93NUMPY\x01", 7)) throw std::runtime_error(std::string(path) + ": no NPY file");
  std::size_t begin = 10u + static_cast<unsigned char>(all[8]) + 256u * static_cast<unsigned char>(all[9]);
  std::vector<float> x((all.size() - begin) / sizeof(float));
  std::memcpy(x.data(), all.data() + begin, x.size() * sizeof(float));
  return x;
}

// An entry, by what it does and the width of its numbers.
static const gdl_kernel &find(const gdl_module &m, int entry, int dtype) {
  for (std::int32_t i = 0; i < m.nkernels; i++)
    if (m.kernels[i].entry == entry && m.kernels[i].dtype == dtype) return m.kernels[i];
  throw std::runtime_error(std::string(m.name) + ": no such entry");
}

// Numbers of an argument for one sample.
static std::size_t numbers(const gdl_arg &a) {
  std::size_t n = 1;
  for (int i = 0; i < a.rank; i++) n *= a.dims[i] >= 0 ? static_cast<std::size_t>(a.dims[i]) : 1;
  return n;
}

static void call(const gdl_kernel &k, std::int64_t b, const float *in, const float *param, float *out) {
  std::vector<void *> args;
  for (std::int32_t i = 0; i < k.nargs; i++)
    args.push_back(const_cast<float *>(k.args[i].role == GDL_IN ? in : k.args[i].role == GDL_PARAM ? param : out));
  std::size_t bytes = (k.workspace(&b) / k.align + 1) * k.align;
  std::unique_ptr<void, void (*)(void *)> workspace(std::aligned_alloc(k.align, bytes), std::free);
  gdl_call c = {&b, args.data(), workspace.get(), nullptr, nullptr, nullptr};
  if (int status = k.run(&c)) std::fprintf(stderr, "%s: status %d\n", k.name, status), std::exit(1);
}

int main(int argc, char **argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: %s param.npy images.npy\n", argv[0]), 2;
  const gdl_module &m = fashion_module;
  if (m.abi != GDL_ABI) return std::fprintf(stderr, "%s: another version of gdl.h\n", m.name), 1;
  const gdl_kernel &k = find(m, GDL_INFER, GDL_F32);
  std::vector<float> param = read_floats(argv[1]), image = read_floats(argv[2]);
  std::size_t in = numbers(k.args[0]), out = numbers(k.args[k.nargs - 1]), b = image.size() / in, half = b / 2;
  std::fprintf(stderr, "%s under %s: %s, %s\n", m.name, m.groups[0].name, m.claims[0].text, m.claims[0].verdict);
  std::vector<float> logits(b * out);
  std::thread first([&] { call(k, static_cast<std::int64_t>(half), image.data(), param.data(), logits.data()); });
  std::thread second([&] { call(k, static_cast<std::int64_t>(b - half), image.data() + half * in, param.data(), logits.data() + half * out); });
  first.join();
  second.join();
  for (std::size_t i = 0; i < logits.size(); i++) std::printf("%.9g%c", static_cast<double>(logits[i]), (i + 1) % out ? ',' : '\n');
}
