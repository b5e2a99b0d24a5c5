"""Sessions that obey their provider: is this person still there, and still allowed what he was allowed?"""
