"""One's own data: names, picture, e-mail, phone, password, sessions; taking one's data along, deleting them.

``service``  general information and the picture     ``mail``  change of the e-mail address
``phone``    the number and its code                  ``voice`` a call by our own engine that speaks the code
``safety``   password and sessions                    ``agents`` devices in words
``data``     export and deletion (152-FZ)             ``jobs``  what of it runs in the background
"""
