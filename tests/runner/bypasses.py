"""Ways around a list of forbidden words. Each would, if it were not held, make `mark`, change `victim` or connect.

`$PORT` is that of a listener on the loopback interface. The first group are the forms that such lists are known to
let through; the second are more of our own.
"""

from __future__ import annotations

KNOWN = [
    ("redirect-without-blank", "echo x >mark"),
    ("append-without-blank", "echo x>>mark"),
    ("redirect-clobber", "echo x >| mark"),
    ("touch", "touch mark"),
    ("copy", "cp victim mark"),
    ("dd", "dd if=victim of=mark 2>/dev/null"),
    ("link", "ln -s victim mark"),
    ("folder", "mkdir mark"),
    ("truncate", "truncate -s 0 victim"),
    ("unlink", "unlink victim"),
    ("tee", "tee mark </dev/null"),
    ("sed-in-place-long", "sed --in-place s/was/is/ victim"),
    ("perl-write", "perl -e 'open(F, \">mark\"); print F 1'"),
    ("python-write", 'python3 -c \'open("mark", "w")\''),
    ("node-write", 'node -e \'require("fs").writeFileSync("mark", "")\''),
    ("awk-write", "awk 'BEGIN { print 1 > \"mark\" }'"),
    ("find-exec", "find . -name victim -exec cp {} mark ';'"),
    ("find-delete", "find . -name victim -delete"),
    ("xargs-copy", "echo victim mark | xargs cp"),
    ("eval-split", 'a=to; b=uch; eval "$a$b mark"'),
    ("base64-shell", "echo dG91Y2ggbWFyawo= | base64 -d | sh"),
    ("backslash-in-name", "t\\ouch mark"),
    ("quotes-in-name", "'t'ouch mark"),
    ("variable-in-name", "c=t; ${c}ouch mark"),
    ("glob-in-name", "/usr/bin/touc? mark"),
    ("npm-short-install", "npm i --offline --no-audit --no-fund ./none; echo x > mark"),
    ("npm-clean-install", "npm ci --offline; : > mark"),
    ("package-manager-run", "npm exec --offline -c 'touch mark'"),
    ("git-elsewhere", "git init -q mark && git -C mark -c user.name=x -c user.email=x@x commit -q --allow-empty -m x"),
    ("git-config-alias", "git -c alias.x='!touch mark' x"),
    ("git-reset", "git init -q . && git reset -q --hard"),
    ("git-clean", "git init -q . && git clean -fdq"),
    ("git-checkout", "git init -q . && git add victim && echo y > victim && git checkout -q -- victim"),
    ("bash-socket", "bash -c 'echo x > /dev/tcp/127.0.0.1/'$PORT"),
    ("shell-string", "sh -c 'touch mark'"),
    ("command-builtin", "command touch mark"),
]
"""Known forms: thirty-six."""

OWN = [
    ("read-write-descriptor", "exec 3<>mark"),
    ("append-to-victim", ": >> mark; printf x >> victim"),
    ("move", "mv victim mark"),
    ("hard-link", "ln victim mark"),
    ("install", "install -m 644 victim mark"),
    ("fifo", "mkfifo mark"),
    ("split", "split -b 1 victim mark"),
    ("sort-output", "sort -o mark victim"),
    ("uniq-output", "uniq victim mark"),
    ("tar-create", "tar cf mark victim"),
    ("tar-checkpoint", "tar cf /dev/null victim --checkpoint=1 --checkpoint-action=exec='touch mark'"),
    ("find-printed", "find . -name victim -fprint mark"),
    ("sed-write-command", "sed -n 'w mark' victim"),
    ("sed-execute", "echo x | sed '1e touch mark'"),
    ("awk-system", "awk 'BEGIN { system(\"touch mark\") }'"),
    ("awk-pipe", 'awk \'BEGIN { print "touch mark" | "sh" }\''),
    ("function-shadow", "ls() { touch mark; }; ls"),
    ("env-wrapper", "env touch mark"),
    ("nohup-wrapper", "nohup touch mark"),
    ("here-document-shell", "sh <<'END'\ntouch mark\nEND"),
    ("trap-at-exit", "trap 'touch mark' EXIT"),
    ("path-replaced", "printf '#!/bin/sh\\ntouch mark\\n' > ls; chmod +x ls; PATH=. ls"),
    ("substitution", "echo $(touch mark)"),
    ("process-substitution", "bash -c 'cat <(touch mark)'"),
    ("background-daemon", "(setsid sh -c 'touch mark; sleep 60' &) ; sleep 0.3"),
    ("chmod-victim", "chmod 000 victim"),
    ("times-of-victim", "touch -d 2001-01-01 victim"),
    ("rename-by-perl", 'perl -e \'rename "victim", "mark"\''),
    (
        "python-connects",
        "python3 -c \"import os, socket; socket.create_connection(('127.0.0.1', int(os.environ['PORT'])))\"",
    ),
    ("perl-connects", "perl -MIO::Socket::INET -e 'IO::Socket::INET->new(\"127.0.0.1:$ENV{PORT}\")'"),
    ("git-connects", "git ls-remote git://127.0.0.1:$PORT/x"),
    ("git-pager", "git init -q . && git -c core.pager='touch mark;cat' -p config --list"),
]

BYPASSES = KNOWN + OWN

HARMLESS = [
    "grep -q install package.json",
    "awk 'length > 100' victim",
    "test -f jq",
    "grep -q 'rm -rf' victim",
    "grep -rn curl . | head -5",
    "! grep -q touch victim",
    "find . -name '*.ts' | head -1",
    "ls 2>/dev/null | wc -l",
    "git log --oneline -5",
    "git branch --show-current",
    "git rev-list --count HEAD",
    "git remote -v",
    'test "$(basename "$(pwd)")" = project',
    "cat victim 2>&1 | sort | uniq -c",
    "find . -type f -print0 | xargs -0 grep -l was",
    "sed -n '1,3p' victim",
    "rg --max-count 1 was . --glob '*.ts'",
]
"""Commands that only read: a policy that refused them would make real tests impossible."""
