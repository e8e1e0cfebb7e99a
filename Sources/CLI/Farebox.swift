import ArgumentParser
import AsyncHTTPClient
import Configuration
import GRDB
import Hummingbird
import Yams
import Crypto
@main struct Farebox: ParsableCommand {}
