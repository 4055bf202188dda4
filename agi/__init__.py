"""The dial gate's wire: strict AGI framing and the FastAGI server the dialplan calls."""
