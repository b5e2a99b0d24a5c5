"""The steps of examining a token, by what they look at; `tokens.protocol.examination.record` puts them in order."""
