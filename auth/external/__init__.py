"""Sign-in at an OpenID provider of the operator's choice: the portal is its confidential client and keeps no token."""
