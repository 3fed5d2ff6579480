"""The stages of a generation as a picture: laid out once (`chart`), written as SVG (`svg`) or PNG (`png`)."""
