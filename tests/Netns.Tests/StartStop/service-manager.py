#!/usr/bin/env python3
"""Stands in for systemd: starts a service, and keeps the descriptors that it stores over its restarts.

usage: service-manager.py SOCKET [--no-store] COMMAND...

It speaks the part of sd_notify(3) that the daemon uses: READY, STATUS, FDSTORE, FDSTOREREMOVE, FDNAME, BARRIER. SIGUSR1
restarts the service, SIGTERM ends it; what the service says is a line on standard output each.
"""
import fcntl
import os
import signal
import socket
import sys

path, words = sys.argv[1], sys.argv[2:]
keeps = words[0] != "--no-store"
words = words if keeps else words[1:]
store = []  # (name, descriptor), in the order in which they came
FIRST = 3  # SD_LISTEN_FDS_START


def start():
    child = os.fork()
    if child:
        return child
    environment = dict(os.environ, NOTIFY_SOCKET=path)
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 100) for _, descriptor in store]
    for number, descriptor in enumerate(high):
        os.dup2(descriptor, FIRST + number)
        os.close(descriptor)
    if store:
        environment["LISTEN_PID"] = str(os.getpid())
        environment["LISTEN_FDS"] = str(len(store))
        environment["LISTEN_FDNAMES"] = ":".join(name for name, _ in store)
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.execvpe(words[0], words, environment)


def stop(child):
    os.kill(child, signal.SIGTERM)
    _, status = os.waitpid(child, 0)
    print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


def take(message, descriptors):
    fields = dict(line.split("=", 1) for line in message.decode().splitlines())
    name = fields.get("FDNAME", "")
    if "FDSTORE" in fields and keeps:
        store.extend((name, descriptor) for descriptor in descriptors)
        descriptors = []
    elif "FDSTOREREMOVE" in fields:
        for entry in [entry for entry in store if entry[0] == name]:
            store.remove(entry)
            os.close(entry[1])
    for descriptor in descriptors:
        os.close(descriptor)
    print(message.decode().replace("\n", " "), flush=True)


wanted = {"restart": False, "end": False}
signal.signal(signal.SIGUSR1, lambda *_: wanted.update(restart=True))
signal.signal(signal.SIGTERM, lambda *_: wanted.update(end=True))
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(path)
listener.settimeout(0.02)


def drain():
    while True:
        try:
            message, descriptors, _, _ = socket.recv_fds(listener, 4096, 8)
        except (TimeoutError, InterruptedError):
            return
        take(message, descriptors)


service = start()
while not wanted["end"]:
    drain()
    if wanted["restart"]:
        wanted["restart"] = False
        stop(service)
        drain()
        service = start()
stop(service)
