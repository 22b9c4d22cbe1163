# This file is written by "runpipe lock". Commit it; do not edit it.

version = 1

clone ".." "" {
  commit = "93a691e24e1cfccc589858535b901f2750efc2de"
  paths {
    only   = ["examples/mnist"]
    digest = "sha256:c3bc908e462085cdef843610827aad2236e627fa0ed6d3d0f6a23639342fa788"
  }
  requirements = {
    "examples/mnist/requirements.txt" = "sha256:4140053302922f99f91bb4d9e7e8a55d17375691d62b8e36778dff10b27b5edf"
  }
}
