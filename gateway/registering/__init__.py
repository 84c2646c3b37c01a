"""The station's registry from files, sheets and the API: read, compared, written as a whole."""
