"""What people and CI systems read: terminal, JUnit, HTML, Markdown."""
