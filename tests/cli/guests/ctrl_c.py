"""Runs a command whose standard input never ends, and sends it Ctrl-C once it has printed a line."""
import signal
import subprocess
import sys

process = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
print(process.stdout.readline(), end="")
process.send_signal(signal.SIGINT)
sys.exit(process.wait())
