import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { SignUp } from './SignUp';

createRoot(document.querySelector('#root')!).render(<StrictMode><SignUp /></StrictMode>);
