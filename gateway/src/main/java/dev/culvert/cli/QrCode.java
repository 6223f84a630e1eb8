package dev.culvert.cli;

import com.google.zxing.BarcodeFormat;
import com.google.zxing.EncodeHintType;
import com.google.zxing.WriterException;
import com.google.zxing.common.BitMatrix;
import com.google.zxing.qrcode.QRCodeWriter;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import javax.imageio.ImageIO;

/// A peer's file as a QR code, which the apps of phones read. It holds the private key.
final class QrCode {
    private static final int QUIET_MODULES = 4; // ISO/IEC 18004
    private static final int PIXELS_PER_MODULE = 6;

    private final BitMatrix modules;

    /// @throws CliFailure if the text is too long for any QR code: 2,953 bytes
    QrCode(String text) throws CliFailure {
        try {
            modules = new QRCodeWriter()
                    .encode(
                            text,
                            BarcodeFormat.QR_CODE,
                            0,
                            0,
                            Map.of(EncodeHintType.MARGIN, QUIET_MODULES, EncodeHintType.CHARACTER_SET, "UTF-8"));
        } catch (WriterException e) {
            throw new CliFailure(
                    "a QR code holds 2953 bytes, and the file has " + text.length()
                            + "; a peer's own file is meant, without comments",
                    e);
        }
    }

    /// Two rows a line, dark on light whatever the terminal's colours are.
    String toText() {
        StringBuilder text = new StringBuilder();
        for (int y = 0; y < modules.getHeight(); y += 2) {
            text.append("\033[30;107m");
            for (int x = 0; x < modules.getWidth(); x++) {
                boolean upper = modules.get(x, y);
                boolean lower = y + 1 < modules.getHeight() && modules.get(x, y + 1);
                text.append(upper ? lower ? '█' : '▀' : lower ? '▄' : ' ');
            }
            text.append("\033[0m\n");
        }
        return text.toString();
    }

    /// Writes a new PNG file, mode 0600.
    void write(Path file) throws IOException {
        int side = modules.getWidth() * PIXELS_PER_MODULE;
        BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_BYTE_BINARY);
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                image.setRGB(x, y, modules.get(x / PIXELS_PER_MODULE, y / PIXELS_PER_MODULE) ? 0 : 0xffffff);
            }
        }
        ImageIO.setUseCache(false); // no key in a temporary file
        Files.deleteIfExists(file);
        try (OutputStream out = Channels.newOutputStream(FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))))) {
            if (!ImageIO.write(image, "png", out)) {
                throw new IOException("this Java runtime writes no PNG; `culvert qr FILE` prints the code instead");
            }
        }
    }
}
