"""Files that say what is to be done: workflows of ComfyUI, configurations of trainers. Each becomes a `Recipe`."""
