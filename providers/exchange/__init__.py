"""What the console asks a provider for behind the browser's back: tokens for a code, and userinfo."""
