package dev.culvert.it;

import java.util.List;

/// A WireGuard key pair in base64, made by `wg`. Private keys travel in files and on standard input only.
final class Identity {
    private final String privateKey;
    private final String publicKey;

    private Identity(String privateKey, String publicKey) {
        this.privateKey = privateKey;
        this.publicKey = publicKey;
    }

    static Identity fresh() {
        String privateKey = Command.require("wg", "genkey").strip();
        String publicKey = Command.run(Command.LIMIT, privateKey + "\n", List.of("wg", "pubkey"))
                .required()
                .strip();
        return new Identity(privateKey, publicKey);
    }

    static String freshPresharedKey() {
        return Command.require("wg", "genpsk").strip();
    }

    String privateKey() {
        return privateKey;
    }

    String publicKey() {
        return publicKey;
    }

    @Override
    public String toString() {
        return publicKey;
    }
}
