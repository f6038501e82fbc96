import ArgumentParser
import Logging
import Models

/// The `recolor` command.
@main
struct Recolor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recolor",
    abstract: "Trains neural networks that color gray pictures, and colors pictures with them.",
    discussion: """
      Computes on any OpenCL device, and on the processor where there is none.

        recolor devices                                  what can compute here
        recolor check                                    whether it computes right
        recolor train unet --data scenes --out runs/one  learn from built-in pictures
        recolor evaluate runs/one --data scenes          measure what it learned
        recolor colorize runs/one old.jpg --out colored  color a picture

      ENVIRONMENT:
        RECOLOR_CIFAR10   where --data cifar10 is, instead of the standard places
        RECOLOR_CIFAR100  where --data cifar100 is
        RECOLOR_THREADS   threads of --device cpu, instead of one per usable core
        RECOLOR_MEMORY    most memory to take on the device, such as 2GiB, instead of all it has
        RECOLOR_KERNELS   folder of OpenCL kernel files to use, not the built-in ones
        RECOLOR_CACHE     folder for compiled kernels, decoded images and what tune
                          finds, not ~/.cache/recolor; nothing is kept if it is empty
        RECOLOR_OPENBLAS  the OpenBLAS library that bench measures against
      """,
    version: "recolor \(RecolorVersion.current)",
    subcommands: [
      Devices.self, Check.self, ModelsCommand.self, Train.self, Evaluate.self, Colorize.self,
      Compare.self, Export.self, DataCommand.self, Bench.self, Tune.self, Completions.self,
    ])

  static func main() {
    LoggingSystem.bootstrap { _ in RemarkHandler() }
    do {
      var command = try parseAsRoot(TrainArguments.expanded(Array(CommandLine.arguments.dropFirst())))
      try command.run()
    } catch {
      Failure.exit(with: error)
    }
  }
}
