import ArgumentParser

/// `recolor completions`
struct Completions: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print a script that makes a shell complete this command.",
    discussion: """
      Commands, options, their values, files, folders and the devices that are there.

      For bash, zsh and fish, for oneself:
        recolor completions bash > ~/.local/share/bash-completion/completions/recolor
        recolor completions zsh > ~/.zfunc/_recolor   # with ~/.zfunc in fpath
        recolor completions fish > ~/.config/fish/completions/recolor.fish
      """)

  /// A shell that scripts are written for.
  enum Shell: String, CaseIterable, ExpressibleByArgument {
    case bash, zsh, fish

    var completionShell: CompletionShell {
      switch self {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    }
  }

  @Argument(help: "The shell: bash, zsh or fish.")
  var shell: Shell

  func run() throws { try Console.output(Recolor.completionScript(for: shell.completionShell)) }
}
