"""The newcomer's first command: a story on real SIP in which every step checks itself."""
