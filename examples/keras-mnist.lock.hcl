# This file is written by "runpipe lock". Commit it; do not edit it.

version = 1

clone "https://github.com/keras-team/keras-io" "02cfe8063b505adc073986c91729f22039f77ad0" {
  commit = "02cfe8063b505adc073986c91729f22039f77ad0"
  paths {
    only   = ["examples/vision/mnist_convnet.py"]
    digest = "sha256:71bf15c510ceaba75e63fcad0e1c8c99df1adb8905b9faef1f87df747a9a90f2"
  }
}

environment "sha256:9270ad9224dd081f36f4e4e152cf5029f63064a1bf35426212ca0171867e1646" {
  python   = "3.10"
  platform = "linux_x86_64"
  package "absl-py" {
    version = "2.5.1"
    files = {
      "absl_py-2.5.1-py3-none-any.whl" = "sha256:721200f2f0e9960f2ca9dc3a2a706b201f5f75d812c158f059cbbe29eeafbdb8"
    }
  }
  package "astunparse" {
    version = "1.6.3"
    files = {
      "astunparse-1.6.3-py2.py3-none-any.whl" = "sha256:c2652417f2c8b5bb325c885ae329bdf3f86424075c4fd1a128674bc6fba4b8e8"
    }
  }
  package "certifi" {
    version = "2026.10.18"
    files = {
      "certifi-2026.10.18-py3-none-any.whl" = "sha256:73191c47aaa79da394e8fee2dbc2ec827432cab56311122c9e47abf79e390f62"
    }
  }
  package "charset-normalizer" {
    version = "3.5.2"
    files = {
      "charset_normalizer-3.5.2-cp310-cp310-manylinux2014_x86_64.manylinux_2_17_x86_64.manylinux_2_28_x86_64.whl" = "sha256:8a893cc101149f80a653f82062ebc95b34525a2614382e1da5458fe7c6997249"
      "charset_normalizer-3.5.2-cp37-abi3-manylinux1_x86_64.manylinux_2_28_x86_64.manylinux_2_5_x86_64.whl"       = "sha256:1c50fe28bbc2ced33386f298650d91218076c05420e6cbd790b913adc41659e7"
      "charset_normalizer-3.5.2-py3-none-any.whl"                                                                 = "sha256:b6b751274acb69d77b3323d6b7dbaa3c7fdfc1eb829b7eb61d262f32e1af9685"
    }
  }
  package "flatbuffers" {
    version = "25.12.19"
    files = {
      "flatbuffers-25.12.19-py2.py3-none-any.whl" = "sha256:7634f50c427838bb021c2d66a3d1168e9d199b0607e6329399f04846d42e20b4"
    }
  }
  package "gast" {
    version = "0.7.0"
    files = {
      "gast-0.7.0-py3-none-any.whl" = "sha256:99cbf1365633a74099f69c59bd650476b96baa5ef196fec88032b00b31ba36f7"
    }
  }
  package "google-pasta" {
    version = "0.2.0"
    files = {
      "google_pasta-0.2.0-py3-none-any.whl" = "sha256:b32482794a366b5366a32c92a9a9201b107821889935a02b3e51f6b432ea84ed"
    }
  }
  package "grpcio" {
    version = "1.85.1"
    files = {
      "grpcio-1.85.1-cp310-cp310-manylinux2014_x86_64.manylinux_2_17_x86_64.whl" = "sha256:1f04e51dc65c82af420f6cd177ea76132a78c14dc7adc3044f549b419bc70487"
    }
  }
  package "h5py" {
    version = "3.16.0"
    files = {
      "h5py-3.16.0-cp310-cp310-manylinux_2_28_x86_64.whl" = "sha256:8975273c2c5921c25700193b408e28d6bdd0111c37468b2d4e25dcec4cd1d84d"
    }
  }
  package "idna" {
    version = "3.20"
    files = {
      "idna-3.20-py3-none-any.whl" = "sha256:ab7ae7122974553370f0bdb919e1a960b2cd1bc1ef0276416d896db81c14582c"
    }
  }
  package "keras" {
    version = "3.12.4"
    files = {
      "keras-3.12.4-py3-none-any.whl" = "sha256:5570a3136a202ce1ea3956a697f3b085d2ab22e1102742cb22a3c6039c8db38e"
    }
  }
  package "libclang" {
    version = "18.1.1"
    files = {
      "libclang-18.1.1-py2.py3-none-manylinux2010_x86_64.whl" = "sha256:c533091d8a3bbf7460a00cb6c1a71da93bffe148f172c7d03b1c31fbf8aa2a0b"
    }
  }
  package "markdown" {
    version = "3.10.3"
    files = {
      "markdown-3.10.3-py3-none-any.whl" = "sha256:fa6c92a00a4a3c98b22728c64a935ae1928250ae65058a6ded814d2cc29a4cea"
    }
  }
  package "markdown-it-py" {
    version = "4.3.0"
    files = {
      "markdown_it_py-4.3.0-py3-none-any.whl" = "sha256:7aa1511a46c39138de78d9eba92ce47e63124d8003fc98b3a351909e04239efa"
    }
  }
  package "markupsafe" {
    version = "3.0.4"
    files = {
      "markupsafe-3.0.4-cp310-cp310-manylinux2014_x86_64.manylinux_2_17_x86_64.manylinux_2_28_x86_64.whl" = "sha256:d1aca03ede943eb80ab3d63bb082c84b7aab85ea83bd0fd0c200260945fb49d9"
    }
  }
  package "mdurl" {
    version = "0.1.2"
    files = {
      "mdurl-0.1.2-py3-none-any.whl" = "sha256:84008a41e51615a49fc9966191ff91509e3c40b939176e643fd50a5c2196b8f8"
    }
  }
  package "ml-dtypes" {
    version = "0.6.0"
    files = {
      "ml_dtypes-0.6.0-cp310-cp310-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl" = "sha256:6ec0d244a5bba12239025389ad88bbfb45f9f10e25ab4f678e9a4768ebd47532"
    }
  }
  package "namex" {
    version = "0.1.0"
    files = {
      "namex-0.1.0-py3-none-any.whl" = "sha256:e2012a474502f1e2251267062aae3114611f07df4224b6e06334c57b0f2ce87c"
    }
  }
  package "numpy" {
    version = "2.1.3"
    files = {
      "numpy-2.1.3-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl" = "sha256:78574ac2d1a4a02421f25da9559850d59457bac82f2b8d7a44fe83a64f770098"
    }
  }
  package "nvidia-cublas-cu12" {
    version = "12.5.3.2"
    files = {
      "nvidia_cublas_cu12-12.5.3.2-py3-none-manylinux2014_x86_64.whl" = "sha256:ca070ad70e9fa6654084575d01bd001f30cc4665e33d4bb9fc8e0f321caa034b"
    }
  }
  package "nvidia-cuda-cupti-cu12" {
    version = "12.5.82"
    files = {
      "nvidia_cuda_cupti_cu12-12.5.82-py3-none-manylinux2014_x86_64.whl" = "sha256:bde77a5feb66752ec61db2adfe47f56b941842825b4c7e2068aff27c9d107953"
    }
  }
  package "nvidia-cuda-nvcc-cu12" {
    version = "12.5.82"
    files = {
      "nvidia_cuda_nvcc_cu12-12.5.82-py3-none-manylinux2014_x86_64.whl" = "sha256:b03e545b8e8c3ce7ebcd7fc44063180ff52ff01d064ece2127ed90a04ef12cd0"
    }
  }
  package "nvidia-cuda-nvrtc-cu12" {
    version = "12.5.82"
    files = {
      "nvidia_cuda_nvrtc_cu12-12.5.82-py3-none-manylinux2014_x86_64.whl" = "sha256:3dbd97b0104b4bfbc3c4f8c79cd2496307c89c43c29a9f83125f1d76296ff3fd"
    }
  }
  package "nvidia-cuda-runtime-cu12" {
    version = "12.5.82"
    files = {
      "nvidia_cuda_runtime_cu12-12.5.82-py3-none-manylinux2014_x86_64.whl" = "sha256:3e79a060e126df40fd3a068f3f787eb000fa51b251ec6cd97d09579632687115"
    }
  }
  package "nvidia-cudnn-cu12" {
    version = "9.3.0.75"
    files = {
      "nvidia_cudnn_cu12-9.3.0.75-py3-none-manylinux2014_x86_64.whl" = "sha256:9ad9c6929ebb5295eb4a1728024666d1c88283373e265a0c5c883e6f9d5cd76d"
    }
  }
  package "nvidia-cufft-cu12" {
    version = "11.2.3.61"
    files = {
      "nvidia_cufft_cu12-11.2.3.61-py3-none-manylinux2014_x86_64.whl" = "sha256:9a6e8df162585750f61983a638104a48c756aa13f9f48e19ab079b38e3c828b8"
    }
  }
  package "nvidia-curand-cu12" {
    version = "10.3.6.82"
    files = {
      "nvidia_curand_cu12-10.3.6.82-py3-none-manylinux2014_x86_64.whl" = "sha256:2823fb27de4e44dbb22394a6adf53aa6e1b013aca0f8c22867d1cfae58405536"
    }
  }
  package "nvidia-cusolver-cu12" {
    version = "11.6.3.83"
    files = {
      "nvidia_cusolver_cu12-11.6.3.83-py3-none-manylinux2014_x86_64.whl" = "sha256:93cfafacde4428b71778eeb092ec615a02a3d05404da1bcf91c53e3fa1bce42b"
    }
  }
  package "nvidia-cusparse-cu12" {
    version = "12.5.1.3"
    files = {
      "nvidia_cusparse_cu12-12.5.1.3-py3-none-manylinux2014_x86_64.whl" = "sha256:016df8e993c437e8301e62739f01775cba988fd5253cd4c64173f8e8d2f8e752"
    }
  }
  package "nvidia-nccl-cu12" {
    version = "2.23.4"
    files = {
      "nvidia_nccl_cu12-2.23.4-py3-none-manylinux2014_x86_64.whl" = "sha256:b097258d9aab2fa9f686e33c6fe40ae57b27df60cedbd15d139701bb5509e0c1"
    }
  }
  package "nvidia-nvjitlink-cu12" {
    version = "12.5.82"
    files = {
      "nvidia_nvjitlink_cu12-12.5.82-py3-none-manylinux2014_x86_64.whl" = "sha256:f9b37bc5c8cf7509665cb6ada5aaa0ce65618f2332b7d3e78e9790511f111212"
    }
  }
  package "opt-einsum" {
    version = "3.4.0"
    files = {
      "opt_einsum-3.4.0-py3-none-any.whl" = "sha256:69bb92469f86a1565195ece4ac0323943e83477171b91d24c35afe028a90d7cd"
    }
  }
  package "optree" {
    version = "0.20.0"
    files = {
      "optree-0.20.0-cp310-cp310-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl" = "sha256:4fcebed2ae8ff91dafc958e554bfde0e0ce3974d869eeb75da14b984854b6ce2"
    }
  }
  package "packaging" {
    version = "26.3"
    files = {
      "packaging-26.3-py3-none-any.whl" = "sha256:d7193f7c8e4e93f444fde0262bf90af30e16fa0ad0ad44cb553c87339b23cd1c"
    }
  }
  package "protobuf" {
    version = "5.29.6"
    files = {
      "protobuf-5.29.6-cp38-abi3-manylinux2014_x86_64.whl" = "sha256:e3387f44798ac1106af0233c04fb8abf543772ff241169946f698b3a9a3d3ab9"
      "protobuf-5.29.6-py3-none-any.whl"                   = "sha256:6b9edb641441b2da9fa8f428760fc136a49cf97a52076010cf22a2ff73438a86"
    }
  }
  package "pygments" {
    version = "2.21.0"
    files = {
      "pygments-2.21.0-py3-none-any.whl" = "sha256:2363c69b61c4a97c838da3b130dcd6468f4848992b21a82f2a63ec34377137d9"
    }
  }
  package "requests" {
    version = "2.34.2"
    files = {
      "requests-2.34.2-py3-none-any.whl" = "sha256:2a0d60c172f83ac6ab31e4554906c0f3b3588d37b5cb939b1c061f4907e278e0"
    }
  }
  package "rich" {
    version = "15.0.0"
    files = {
      "rich-15.0.0-py3-none-any.whl" = "sha256:33bd4ef74232fb73fe9279a257718407f169c09b78a87ad3d296f548e27de0bb"
    }
  }
  package "setuptools" {
    version = "84.2.1"
    files = {
      "setuptools-84.2.1-py3-none-any.whl" = "sha256:ca140b45d5325a9478f880e351484f62fef15f336462e449ca0c03c873d589c2"
    }
  }
  package "six" {
    version = "1.17.0"
    files = {
      "six-1.17.0-py2.py3-none-any.whl" = "sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274"
    }
  }
  package "tensorboard" {
    version = "2.19.0"
    files = {
      "tensorboard-2.19.0-py3-none-any.whl" = "sha256:5e71b98663a641a7ce8a6e70b0be8e1a4c0c45d48760b076383ac4755c35b9a0"
    }
  }
  package "tensorboard-data-server" {
    version = "0.7.2"
    files = {
      "tensorboard_data_server-0.7.2-py3-none-any.whl"                   = "sha256:7e0610d205889588983836ec05dc098e80f97b7e7bbff7e994ebb78f578d0ddb"
      "tensorboard_data_server-0.7.2-py3-none-manylinux_2_31_x86_64.whl" = "sha256:ef687163c24185ae9754ed5650eb5bc4d84ff257aabdc33f0cc6f74d8ba54530"
    }
  }
  package "tensorflow" {
    version = "2.19.1"
    files = {
      "tensorflow-2.19.1-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl" = "sha256:11377d4cecdc665515e370524b650a8ceb80b461f40f5e63993ed27d0ef931da"
    }
  }
  package "tensorflow-io-gcs-filesystem" {
    version = "0.37.1"
    files = {
      "tensorflow_io_gcs_filesystem-0.37.1-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl" = "sha256:9679b36e3a80921876f31685ab6f7270f3411a4cc51bc2847e80d0e4b5291e27"
    }
  }
  package "termcolor" {
    version = "3.3.0"
    files = {
      "termcolor-3.3.0-py3-none-any.whl" = "sha256:cf642efadaf0a8ebbbf4bc7a31cec2f9b5f21a9f726f4ccbb08192c9c26f43a5"
    }
  }
  package "typing-extensions" {
    version = "4.16.0"
    files = {
      "typing_extensions-4.16.0-py3-none-any.whl" = "sha256:481caa481374e813c1b176ada14e97f1f67a4539ce9cfeb3f350d78d6370c2e8"
    }
  }
  package "urllib3" {
    version = "2.8.0"
    files = {
      "urllib3-2.8.0-py3-none-any.whl" = "sha256:0cf3cae568d36aa9576b28dfb35f11328f1cb974ca7647d9475ebb86c75ac6e3"
    }
  }
  package "werkzeug" {
    version = "3.1.9"
    files = {
      "werkzeug-3.1.9-py3-none-any.whl" = "sha256:6392e50c78460ba618e5b21f08a71f59c99ce99cdc6cf6e3dd7e6ccca8754fab"
    }
  }
  package "wheel" {
    version = "0.48.0"
    files = {
      "wheel-0.48.0-py3-none-any.whl" = "sha256:3217dcc807155e45db462d7ef2431f5ddda0d7273b700d05a67b271ceb1287ab"
    }
  }
  package "wrapt" {
    version = "2.5.2"
    files = {
      "wrapt-2.5.2-cp310-cp310-manylinux1_x86_64.manylinux_2_28_x86_64.manylinux_2_5_x86_64.whl" = "sha256:0fa61d2f1033039aa47f8f1b4e076ca3c9d0fc08e448c4b1bd06d8b59da89cbf"
      "wrapt-2.5.2-py3-none-any.whl"                                                             = "sha256:61eb54e9540ea522c2c4752a57549a83d3c67e6704ed708403d28e067aaf90f0"
    }
  }
}
