// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
]

// Targets with hot loops are optimized in debug builds too: their tests would take many times as long otherwise. Tests
// are not optimized in release builds: it would take half of the time of the build. SwiftPM allows such flags in no
// package that another one depends on by version; its checkout is in a folder `checkouts`.
let isDependency = Context.packageDirectory.contains("/checkouts/")
let optimized: [SwiftSetting] = isDependency ? [] : [.unsafeFlags(["-O"], .when(configuration: .debug))]
let optimizedC: [CSetting] = isDependency ? [] : [.unsafeFlags(["-O2"], .when(configuration: .debug))]
let tests: [SwiftSetting] = strict + (isDependency ? [] : [.unsafeFlags(["-Onone"], .when(configuration: .release))])

let package = Package(
  name: "recolor",
  products: [
    .library(name: "Runtime", targets: ["Runtime"]),
    .library(name: "CLKernels", targets: ["CLKernels"]),
    .library(name: "CPUKernels", targets: ["CPUKernels"]),
    // Clients of Models also need Data and Imaging.
    .library(name: "Models", targets: ["Models", "Data", "Imaging"]),
    .executable(name: "recolor", targets: ["App"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    // Its core alone, without its traits, which are the half of its build.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.18.0", traits: []),
  ],
  targets: [
    // C libraries. OpenCL and libheif are loaded at run time: their modules carry headers only.
    .systemLibrary(name: "COpenCL", providers: [.apt(["opencl-headers"])]),
    .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
    .systemLibrary(name: "CHEIF", providers: [.apt(["libheif-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
    .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
    .systemLibrary(name: "CGIF", providers: [.apt(["libgif-dev"])]),
    .systemLibrary(name: "CWebP", pkgConfig: "libwebpdemux", providers: [.apt(["libwebp-dev"])]),
    .systemLibrary(name: "CLittleCMS", pkgConfig: "lcms2", providers: [.apt(["liblcms2-dev"])]),
    .systemLibrary(
      name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    // System calls for which older C libraries have no functions.
    .systemLibrary(name: "CProcesses"),

    // Vector loops of the CPU backend, compiled once per instruction set and chosen at load time.
    .target(name: "CVectorLoops", cSettings: optimizedC),

    .target(
      name: "Runtime",
      dependencies: ["COpenCL", "Files", "MessagePassing", .product(name: "Logging", package: "swift-log")],
      swiftSettings: strict + optimized),
    .executableTarget(name: "EmbedKernels", swiftSettings: strict),
    .plugin(
      name: "EmbedKernelsPlugin", capability: .buildTool(), dependencies: ["EmbedKernels"]),
    .target(
      name: "CLKernels",
      dependencies: ["Runtime", "Files", "MessagePassing"], swiftSettings: strict, plugins: ["EmbedKernelsPlugin"]),
    .target(
      name: "CPUKernels",
      dependencies: ["Runtime", "Files", "MessagePassing", "CVectorLoops"], swiftSettings: strict + optimized),
    .target(name: "KernelCases", dependencies: ["Runtime"], swiftSettings: strict + optimized),
    // Reading, writing whole files or none, locks, SHA-256 and threads.
    .target(name: "Files", dependencies: ["CCrypto"], swiftSettings: strict + optimized),
    .target(
      name: "Data", dependencies: ["Files", "Imaging", "Runtime", "CArchive", "CCurl"],
      swiftSettings: strict + optimized),
    // The image libraries, and libdeflate for PNG, behind functions that Swift can call.
    .target(
      name: "CImageCodecs", dependencies: ["CDeflate", "CPNG", "CJPEG", "CTIFF", "CWebP", "CGIF", "CHEIF"],
      cSettings: optimizedC,
      // Not every distribution has a description of giflib for pkg-config.
      linkerSettings: [.linkedLibrary("gif")]),
    .target(
      name: "Imaging", dependencies: ["Files", "CImageCodecs", "CWebP", "CLittleCMS"], swiftSettings: strict + optimized
    ),
    // Messages between the processes of a distributed run. MPI is loaded at run time, by a library that is compiled from
    // Sources/MPITransport.
    .target(name: "CMessagePassing", cSettings: optimizedC),
    .target(
      name: "MessagePassing", dependencies: ["CMessagePassing", "Files"], swiftSettings: strict + optimized),
    // Messages of ONNX files and TensorBoard's event files; Scripts/generate_protobuf makes the Swift code.
    .target(
      name: "Protobufs", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["onnx.proto", "tensorboard.proto"], swiftSettings: strict),
    // Event files, as TensorBoard reads them.
    .target(name: "TensorBoard", dependencies: ["Files", "Protobufs"], swiftSettings: strict),
    // The models that come with the program, embedded as they are in its files.
    .target(name: "CBuiltInModels", exclude: ["photo.safetensors", "photo.md"]),
    .target(
      name: "Models",
      dependencies: [
        "Runtime", "Files", "Data", "Imaging", "MessagePassing", "Protobufs", "TensorBoard", "CBuiltInModels",
      ],
      swiftSettings: strict + optimized),
    // Pages, charts and tables as text; knows nothing of models. The page's style and script are compiled in.
    .target(
      name: "Report", resources: [.embedInCode("Resources/page.css"), .embedInCode("Resources/page.js")],
      swiftSettings: strict),
    // HTTP within limits; knows nothing of what is served.
    .target(
      name: "Server", dependencies: ["Files", .product(name: "HummingbirdCore", package: "hummingbird")],
      swiftSettings: strict),
    // The files of the page that `recolor serve` shows, embedded as they are.
    .target(name: "CWebPage", exclude: ["files"]),
    .executableTarget(
      name: "App",
      dependencies: [
        "Models", "CArchive", "CLKernels", "CPUKernels", "CProcesses", "CWebPage", "KernelCases", "Data", "Files",
        "Imaging", "MessagePassing", "Report", "Runtime", "Server", "TensorBoard",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),

    // An OpenCL library whose devices have the limits of small ones; tests load it.
    .target(name: "LimitedOpenCL", path: "Tests/LimitedOpenCL"),
    // A program whose processes are ranks, for tests under mpirun.
    .executableTarget(
      name: "RankProgram", dependencies: ["MessagePassing", "Files", "Runtime"], path: "Tests/RankProgram",
      swiftSettings: tests),
    .target(
      name: "TestSupport",
      dependencies: [
        "Runtime", "CLKernels", "CPUKernels", "CMessagePassing", "Files", "Imaging", "KernelCases", "MessagePassing",
        "Models",
      ],
      path: "Tests/TestSupport", swiftSettings: tests),
    .testTarget(
      name: "RuntimeTests", dependencies: ["Runtime", "TestSupport"], swiftSettings: tests),
    .testTarget(
      name: "CLKernelsTests", dependencies: ["CLKernels", "KernelCases", "TestSupport"], exclude: ["OldFiles"],
      swiftSettings: tests),
    .testTarget(
      name: "CPUKernelsTests", dependencies: ["CPUKernels", "CVectorLoops", "Files", "KernelCases", "TestSupport"],
      swiftSettings: tests),
    .testTarget(
      name: "KernelCasesTests", dependencies: ["KernelCases", "TestSupport"], swiftSettings: tests),
    .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"], swiftSettings: tests),
    .testTarget(
      name: "DataTests", dependencies: ["Data", "Files", "Imaging", "TestSupport", "CArchive"],
      swiftSettings: tests),
    .testTarget(
      name: "ImagingTests", dependencies: ["Imaging", "Files", "CLittleCMS", "TestSupport"],
      resources: [.copy("Vectors")],
      swiftSettings: tests),
    .testTarget(
      name: "TensorBoardTests", dependencies: ["TensorBoard", "Files", "Protobufs", "TestSupport"],
      swiftSettings: tests),
    .testTarget(
      name: "MessagePassingTests",
      dependencies: ["MessagePassing", "CMessagePassing", "Files", "RankProgram", "TestSupport"],
      swiftSettings: tests),
    .testTarget(
      name: "ModelsTests",
      dependencies: [
        "Models", "Files", "CPUKernels", "CLKernels", "Data", "Imaging", "MessagePassing", "Protobufs", "TestSupport",
      ],
      resources: [.copy("Fixtures")], swiftSettings: tests),
    .testTarget(name: "ReportTests", dependencies: ["Report"], swiftSettings: tests),
    .testTarget(name: "ServerTests", dependencies: ["Server", "TestSupport"], swiftSettings: tests),
    .testTarget(
      name: "AppTests",
      dependencies: [
        "App", "CLKernels", "Models", "Data", "Files", "Imaging", "Report", "Runtime", "Server", "TensorBoard",
        "TestSupport",
      ],
      swiftSettings: tests),
  ]
)

// For the tests alone, which load it at run time or start it.
if !isDependency {
  package.products.append(.library(name: "LimitedOpenCL", type: .dynamic, targets: ["LimitedOpenCL"]))
  package.products.append(.executable(name: "RankProgram", targets: ["RankProgram"]))
}

// `make docs` alone needs the plugin for `swift package generate-documentation`: other commands should not have to
// compile it.
if Context.environment["RECOLOR_DOCUMENTATION"] != nil {
  package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
