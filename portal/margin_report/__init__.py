"""The margin report before adoption: what an account's subaccounts cost, and what each plan would have made of it.

Pure but for its port: it is made of what the provider counted, and knows no database.
"""
