// Microsoft's JavaScript client for import jobs against fakeazure.
#include <gtest/gtest.h>

#include "tests/clients/node_client.h"

namespace seedbed {
namespace {

using testing_support::FakeAzure;
using testing_support::run_node;

void run_client(std::vector<std::string> arguments) {
  FakeAzure azure(std::move(arguments));
  ASSERT_NE(azure.origin(), "") << azure.output();
  const auto ran = run_node(azure, "arm.mjs");
  EXPECT_TRUE(ran.ok()) << ran.text();
}

TEST(ArmClient, JobsOverHttp) {
  run_client({});
}

TEST(ArmClient, JobsOverHttps) {
  run_client({"--tls"});
}

}  // namespace
}  // namespace seedbed
