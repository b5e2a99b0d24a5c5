"""The steps of examining a token, by what they look at; `tokens.protocol.doctor` puts them in order."""
