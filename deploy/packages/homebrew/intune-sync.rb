# Installs the program for Linux. There is no build for macOS.
class IntuneSync < Formula
  desc "@SUMMARY@"
  homepage "@URL@"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on :linux

  on_intel do
    url "@URL@/intune-sync-@VERSION@-x86_64-unknown-linux-gnu.tar.gz"
    sha256 "@SHA256_X86_64@"
  end
  on_arm do
    url "@URL@/intune-sync-@VERSION@-aarch64-unknown-linux-gnu.tar.gz"
    sha256 "@SHA256_AARCH64@"
  end

  def install
    bin.install "intune-sync"
    man1.install Dir["man/man1/*.1"]
    bash_completion.install "completions/intune-sync"
    zsh_completion.install "completions/_intune-sync"
    fish_completion.install "completions/intune-sync.fish"
  end

  test do
    assert_equal "intune-sync #{version}\n", shell_output("#{bin}/intune-sync --version")
    assert_match "takes", shell_output("#{bin}/intune-sync rehearse --devices 100 --quiet")
  end
end
