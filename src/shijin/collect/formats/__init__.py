"""The formats that Shijin reads, a file each."""
