"""What is published besides the package: a release's notes, and the page on Meltano Hub."""
